import ArgumentParser
import NIOCore

/// Clients that wait in long polls, to which messages are delivered at a steady rate.
struct Deliver: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Deliver messages to N clients in long polls, at a steady rate.",
        discussion: """
            Each client is in two rooms and always in a long poll. Messages are sent at a steady rate, whether or not earlier ones are answered, to the rooms \
            in turn, each by another member. A delivery's latency is from the start of the send's request to the last byte of the answer that has the \
            event; each member has to be told of each message once, the sender included. "send beside" is the latency of the sends.

            With 1,000 clients, rooms of 20 and 50 messages a second, 1,000 deliveries are made a second. --server-pid reports the server's memory.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many clients wait.")
    var clients: Int = 1000

    @Option(help: "How many of them are in each room; a divisor of their number.")
    var members: Int = 20

    @Option(help: "How many messages a second, in all rooms together.")
    var rate: Int = 50

    @Option(help: "For how many seconds.")
    var seconds: Int = 30

    @Option(help: "How long the clients wait before the first message is sent, so that the server is through with their requests.")
    var settleMs: Int = 5000

    @Option(help: "The length of a message's text in bytes.")
    var bodyBytes: Int = 64

    /// The members of each room, as numbers of clients.
    private var rooms: [[Int]] {
        let count = clients / members
        return (0..<count).map { room in (0..<members).map { room * members + $0 } }
            + (0..<count).map { room in (0..<members).map { room + $0 * count } }
    }

    var settings: [Setting] {
        [
            Setting("clients", clients), Setting("rooms", rooms.count), Setting("members", members), Setting("rate", rate),
            Setting("seconds", seconds), Setting("settle_ms", settleMs), Setting("body_bytes", bodyBytes),
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard clients > 0, members > 0, clients.isMultiple(of: members), rate > 0, seconds > 0, settleMs >= 0, bodyBytes >= 0 else {
            throw ValidationError("There has to be something to send, and full rooms of clients.")
        }
    }

    /// How many rooms are made and how many clients begin at once.
    private static let preparationsAtOnce = 8

    /// So far apart the clients begin to wait.
    private static let arrivalInterval: Duration = .milliseconds(10)

    func measure(_ side: Side) async throws -> [Measurement] {
        OpenFiles.raiseLimit()
        let rooms = rooms
        let accounts = try await side.makeAccounts(clients, purpose: "deliver")
        progress("\(side.name): creating \(rooms.count) rooms of \(members)")
        let created = try await concurrently(rooms.count, width: Self.preparationsAtOnce) { number in
            let room = try await accounts[rooms[number][0]].createRoom(version: options.requestedRoomVersion)
            for member in rooms[number].dropFirst() { try await accounts[member].join(room) }
            return room
        }
        let tokens = try await concurrently(clients, width: Self.preparationsAtOnce) { client in
            try Scan(try await accounts[client].sync()).string("next_batch")
        }
        let deliveries = Deliveries(runID: side.runID, clients: clients)
        progress("\(side.name): \(clients) clients wait, \(rate) messages a second")
        let observation = try await withThrowingTaskGroup(of: Void.self) { group in
            for (client, token) in tokens.enumerated() {
                group.addTask { await poll(accounts[client], client, from: token, deliveries) }
                // Each tells all others who share a room with it that it is online, so they come one by one.
                try await Task.sleep(for: Self.arrivalInterval)
            }
            try await Task.sleep(for: .milliseconds(settleMs))
            let (_, observation) = try await side.observe {
                await send(rooms, created, accounts, deliveries)
                await deliveries.waitForAll()
            }
            group.cancelAll()
            return observation
        }
        let outcome = deliveries.outcome()
        let perSecond = Figure("deliveries_per_s", "deliveries", Double(outcome.deliveries.latencies.count) / Double(seconds), unit: "/s")
        return [
            Measurement("delivery", outcome.deliveries, observation, isPaced: true, extra: [perSecond]),
            Measurement("send beside", outcome.sends, nil),
        ]
    }

    private func poll(_ account: Account, _ client: Int, from token: String, _ deliveries: Deliveries) async {
        var token = token
        while !Task.isCancelled {
            do throws(RequestFailure) {
                let answer = try await account.sync(since: token, timeoutMilliseconds: 30_000)
                deliveries.note(answer, of: client, at: .now())
                token = try Scan(answer).string("next_batch")
            } catch {
                // The end of the measurement ends the polls, too.
                if Task.isCancelled { return }
                deliveries.noteFailure(error)
                try? await Task.sleep(for: ClosedLoop.pauseAfterFailure)
            }
        }
    }

    private func send(_ rooms: [[Int]], _ created: [Room], _ accounts: [Account], _ deliveries: Deliveries) async {
        let start = NIODeadline.now()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<rate * seconds {
                let due = start + .nanoseconds(Int64(number) * 1_000_000_000 / Int64(rate))
                try? await Task.sleep(for: .nanoseconds((due - .now()).nanoseconds))
                let room = number % rooms.count
                let sender = accounts[rooms[room][number / rooms.count % members]]
                group.addTask {
                    let text = deliveries.marker(number) + String(repeating: "m", count: bodyBytes)
                    let content = ByteBuffer(json: ["msgtype": "m.text", "body": .string(text)])
                    let begun = deliveries.begin(number, to: members)
                    do throws(RequestFailure) {
                        _ = try await sender.send(content, to: created[room], transactionID: "deliver-\(number)")
                        deliveries.noteSent(in: .now() - begun)
                    } catch {
                        deliveries.noteUnsent(error, to: members)
                    }
                }
            }
        }
    }
}
