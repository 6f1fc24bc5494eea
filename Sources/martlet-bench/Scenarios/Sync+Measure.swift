import NIOCore

extension Sync {
    /// Measures the initial syncs of the accounts, and then wakes them up.
    func measure(_ side: Side, _ prepared: SyncState.PreparedSide) async throws -> [Measurement] {
        let accounts = prepared.accounts.map { side.account(userID: $0.userID, accessToken: $0.accessToken) }
        progress("\(side.name): \(accounts.count) initial syncs")
        let (initial, listeners) = try await measureInitialSync(side, accounts)
        guard wakeups > 0, !listeners.isEmpty else { return [initial] }
        progress("\(side.name): \(wakeups) wake-ups of \(self.listeners) polls")
        return [initial] + (try await measureWakeUp(side, Array(listeners.prefix(self.listeners)), prepared.rooms))
    }

    // MARK: - Initial sync

    /// - Returns: the measurement, and the accounts whose sync succeeded, with the token to go on from.
    private func measureInitialSync(_ side: Side, _ accounts: [Account]) async throws -> (Measurement, [Listener]) {
        var ((tally, first, answers), observation) = try await side.observe {
            var tally = Tally()
            var first: TimeAmount?
            var answers: [(account: Account, body: [UInt8])] = []
            for (index, account) in accounts.enumerated() {
                let start = NIODeadline.now()
                do throws(RequestFailure) {
                    let body = try await account.sync()
                    let duration = .now() - start
                    tally.record(duration)
                    if index == 0 {
                        first = duration
                    }
                    answers.append((account, body))
                } catch {
                    tally.record(error)
                }
            }
            return (tally, first, answers)
        }

        var bytes = 0
        var rooms = 0
        var events = 0
        var listeners: [Listener] = []
        for answer in answers {
            do throws(RequestFailure) {
                let scan = try Scan(answer.body)
                for room in try scan.object("rooms").object("join").objects() {
                    rooms += 1
                    events += try room.object("timeline").array("events").count
                }
                bytes += answer.body.count
                listeners.append(Listener(account: answer.account, token: try scan.string("next_batch")))
            } catch {
                tally.record(error)
            }
        }
        func average(_ sum: Int) -> Double? { listeners.isEmpty ? nil : Double(sum) / Double(listeners.count) }
        // The first one is told apart: for it nothing is cached in a server that was just started.
        let figures = [
            Figure("first_ms", "first", first.map { Double($0.nanoseconds) / 1e6 }, unit: "ms", decimals: 2),
            Figure("rooms_per_answer", "joined rooms, each", average(rooms)),
            Figure("timeline_events_per_answer", "timeline events, each", average(events)),
            Figure("kib_per_answer", "size, each", average(bytes).map { $0 / 1024 }, unit: "KiB", decimals: 1),
        ]
        return (Measurement("initial sync", tally, observation, extra: figures), listeners)
    }

    // MARK: - Wake-up

    private func measureWakeUp(_ side: Side, _ listeners: [Listener], _ rooms: [SyncState.Room]) async throws -> [Measurement] {
        let ((deliveries, sends), observation) = try await side.observe {
            var listeners = listeners
            var deliveries = Tally()
            var sends = Tally()
            for number in 0..<wakeups {
                let room = rooms[number % rooms.count]
                let sender = side.account(userID: room.owner.userID, accessToken: room.owner.accessToken)
                let marker = "wake-up \(side.runID) \(number)."
                let content = ByteBuffer(json: ["msgtype": "m.text", "body": .string(marker)])
                await withTaskGroup(of: (Int, Listener, Result<NIODeadline, RequestFailure>).self) { group in
                    for (index, listener) in listeners.enumerated() {
                        group.addTask {
                            var listener = listener
                            let delivery = await listener.wait(for: marker)
                            return (index, listener, delivery)
                        }
                    }
                    try? await Task.sleep(for: .milliseconds(settleMs))
                    let start: NIODeadline
                    do throws(RequestFailure) {
                        let answer = try await sender.sending(
                            content, to: Room(id: room.roomID), transactionID: "wake-up-\(side.runID)-\(number)")
                        _ = try answer.success()
                        start = answer.times.sent
                        sends.record(answer.times.arrived - start)
                    } catch {
                        // Nobody will be woken up: the polls end here, and are no failures of their own.
                        sends.record(error)
                        group.cancelAll()
                        return
                    }
                    for await (index, listener, delivery) in group {
                        listeners[index] = listener
                        switch delivery {
                        case .success(let arrival): deliveries.record(arrival - start)
                        case .failure(let failure): deliveries.record(failure)
                        }
                    }
                }
            }
            return (deliveries, sends)
        }
        return [Measurement("wake-up", deliveries, observation, isPaced: true), Measurement("send beside", sends, nil)]
    }
}

/// An account, and the token of its last sync.
private struct Listener: Sendable {
    /// How long a message may take to be delivered.
    static let deliveryTimeoutMilliseconds = 30_000

    let account: Account
    var token: String

    /// Polls until an answer contains `marker`.
    ///
    /// - Returns: when that answer was there.
    mutating func wait(for marker: String) async -> Result<NIODeadline, RequestFailure> {
        let end = NIODeadline.now() + .milliseconds(Int64(Self.deliveryTimeoutMilliseconds))
        do throws(RequestFailure) {
            repeat {
                let answer = try await account.syncing(since: token, timeoutMilliseconds: Self.deliveryTimeoutMilliseconds)
                let body = try answer.success()
                token = try Scan(body).string("next_batch")
                if body.contains(Array(marker.utf8)) {
                    return .success(answer.times.arrived)
                }
            } while .now() < end
            return .failure(RequestFailure("not delivered within \(Self.deliveryTimeoutMilliseconds / 1000) s"))
        } catch {
            return .failure(error)
        }
    }
}
