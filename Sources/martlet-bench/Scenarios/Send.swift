import ArgumentParser
import NIOCore
import Synchronization

/// Senders that each send text messages to one room, the next as soon as the last is answered.
struct Send: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Send messages: N senders in M rooms.",
        discussion: """
            Sender i is in room i modulo M and sends its next message as soon as its last one is answered. --verify then reads the rooms' \
            histories and reports how many of the events that were answered are there.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many accounts send at once.")
    var senders: Int = 16

    @Option(help: "How many rooms they are in.")
    var rooms: Int = 4

    @Option(help: "How many messages to send in all; instead of --seconds.")
    var messages: Int?

    @Option(help: "How long to send.")
    var seconds: Double = 10

    @Option(help: "How many messages each sender sends before the measurement.")
    var warmup: Int = 5

    @Option(help: "The length of a message's text in bytes.")
    var bodyBytes: Int = 64

    @Flag(help: "Read the rooms' histories afterwards and look for every event that was answered.")
    var verify = false

    var settings: [Setting] {
        let extent = messages.map { Setting("messages", $0) } ?? Setting("seconds", seconds)
        return [
            Setting("senders", senders), Setting("rooms", rooms), extent, Setting("warmup", warmup), Setting("body_bytes", bodyBytes),
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard rooms > 0, senders >= rooms, seconds > 0, messages ?? 1 > 0, warmup >= 0, bodyBytes >= 0 else {
            throw ValidationError("There has to be at least one room, a sender for each room, and something to send.")
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let accounts = try await side.makeAccounts(senders, purpose: "send")
        progress("\(side.name): creating \(rooms) rooms")
        let created = try await concurrently(rooms, width: rooms) { room in
            try await accounts[room].createRoom(version: options.requestedRoomVersion)
        }
        _ = try await concurrently(senders, width: senders) { sender in
            if sender >= rooms {
                try await accounts[sender].join(created[sender % rooms])
            }
        }

        let answered = Mutex<[[String]]>(Array(repeating: [], count: rooms))
        let content = ByteBuffer.textMessage(length: bodyBytes)
        @Sendable func send(_ sender: Int, _ transactionID: String) async throws(RequestFailure) {
            let room = sender % rooms
            let eventID = try await accounts[sender].send(content, to: created[room], transactionID: transactionID)
            if verify {
                answered.withLock { $0[room].append(eventID) }
            }
        }
        _ = try await concurrently(senders, width: senders) { sender in
            for number in 0..<warmup {
                try await send(sender, "warmup-\(number)")
            }
        }

        let extent: ClosedLoop.Extent = messages.map { .operations($0) } ?? .duration(.nanoseconds(Int64(seconds * 1e9)))
        progress("\(side.name): sending")
        var (tally, observation) = try await side.observe {
            await ClosedLoop(workers: senders, extent: extent).run { sender, number throws(RequestFailure) in
                try await send(sender, "\(number)")
            }
        }
        var figures: [Figure] = []
        if verify {
            do throws(RequestFailure) {
                figures = try await verified(answered.withLock { $0 }, in: created, readers: accounts, side)
            } catch {
                tally.record(error)
            }
        }
        return [Measurement("send", tally, observation, extra: figures)]
    }

    /// Reads the rooms' histories and counts the answered events that are there (`verified`), that are not (`missing`), and that come more
    /// than once (`repeated`).
    private func verified(_ answered: [[String]], in rooms: [Room], readers: [Account], _ side: Side) async throws(RequestFailure)
        -> [Figure]
    {
        progress("\(side.name): verifying")
        var found = 0
        var missing = 0
        var repeated = 0
        for (room, eventIDs) in answered.enumerated() {
            let history = try await readers[room].history(of: rooms[room], limit: 100)
            let present = Set(history)
            let there = eventIDs.count { present.contains($0) }
            found += there
            missing += eventIDs.count - there
            repeated += history.count - present.count + eventIDs.count - Set(eventIDs).count
        }
        return [
            Figure("verified", "found in history", Double(found), isCompared: false),
            Figure("missing", "missing in history", Double(missing), isCompared: false),
            Figure("repeated", "repeated in history", Double(repeated), isCompared: false),
        ]
    }
}
