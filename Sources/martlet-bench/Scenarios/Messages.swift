import ArgumentParser
import NIOCore
import Synchronization

/// Readers that each page back through one room's history.
struct Messages: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Page back through a room's history.",
        discussion: """
            Each reader pages from the newest event to the room's first one, and begins again when there. The latency is that of one page. \
            Afterwards one more walk, not measured, counts the events and those of them that were sent for it.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many messages to send to the room first.")
    var events: Int = 1000

    @Option(help: "How many events to ask for in a page.")
    var limit: Int = 50

    @Option(help: "How many accounts read at once.")
    var readers: Int = 4

    @Option(help: "How many pages to read in all; instead of --seconds.")
    var pages: Int?

    @Option(help: "How long to read.")
    var seconds: Double = 10

    /// How many send at once in preparing.
    private static let senders = 4

    var settings: [Setting] {
        let extent = pages.map { Setting("pages", $0) } ?? Setting("seconds", seconds)
        return [
            Setting("events", events), Setting("limit", limit), Setting("readers", readers), extent,
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard events > 0, limit > 0, readers > 0, seconds > 0, pages ?? 1 > 0 else {
            throw ValidationError("There has to be at least one reader and something to read.")
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let accounts = try await side.makeAccounts(readers, purpose: "messages")
        let room = try await accounts[0].createRoom(version: options.requestedRoomVersion)
        for account in accounts.dropFirst() {
            try await account.join(room)
        }
        progress("\(side.name): sending \(events) messages")
        let content = ByteBuffer.textMessage(length: 64)
        let sent = try await concurrently(events, width: Self.senders) { number in
            try await accounts[0].send(content, to: room, transactionID: "\(number)")
        }

        progress("\(side.name): reading")
        let positions = Mutex<[String?]>(Array(repeating: nil, count: readers))
        let extent: ClosedLoop.Extent = pages.map { .operations($0) } ?? .duration(.nanoseconds(Int64(seconds * 1e9)))
        let (tally, observation) = try await side.observe {
            await ClosedLoop(workers: readers, extent: extent).run { reader, _ throws(RequestFailure) in
                let from = positions.withLock { $0[reader] }
                let end = try await accounts[reader].messages(in: room, from: from, limit: limit).end()
                positions.withLock { $0[reader] = end }
            }
        }

        let history = try await accounts[0].history(of: room, limit: limit)
        let present = Set(history)
        return [
            Measurement(
                "messages", tally, observation,
                extra: [
                    Figure("events_in_history", "events in history", Double(present.count), isCompared: false),
                    Figure("missing", "missing in history", Double(sent.count { !present.contains($0) }), isCompared: false),
                    Figure("repeated", "repeated in history", Double(history.count - present.count), isCompared: false),
                ])
        ]
    }
}
