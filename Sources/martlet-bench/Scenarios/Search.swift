import ArgumentParser
import CanonicalJSON
import NIOCore

/// Searches for a common word in a room of many messages.
struct Search: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Search a room for a common word.",
        discussion: """
            Sends messages of made-up words, some of which are much more common than others, and searches for the most common one: the first page by \
            rank and by time. With several sizes the room grows from one to the next.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many messages the room has; can be repeated.")
    var messages: [Int] = [20_000]

    @Option(help: "How often to search.")
    var searches: Int = 30

    /// How many send at once in preparing.
    private static let senders = 8

    var settings: [Setting] {
        [
            Setting("messages", messages.map(\.description).joined(separator: ",")), Setting("searches", searches),
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard searches > 0, !messages.isEmpty, messages.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("There has to be something to search.")
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let accounts = try await side.makeAccounts(1, purpose: "search")
        let room = try await accounts[0].createRoom(version: options.requestedRoomVersion)
        var measurements: [Measurement] = []
        var sent = 0
        for size in messages.sorted() {
            progress("\(side.name): sending messages \(sent) to \(size)")
            _ = try await concurrently(size - sent, width: Self.senders) { [sent] number in
                var text = MadeUpText(seed: UInt64(sent + number))
                let content = ByteBuffer(json: ["msgtype": "m.text", "body": .string(text.next())])
                return try await accounts[0].send(content, to: room, transactionID: "\(sent + number)")
            }
            sent = size
            for order in ["rank", "recent"] {
                let (tally, observation) = try await side.observe {
                    await ClosedLoop(workers: 1, extent: .operations(searches)).run { _, _ throws(RequestFailure) in
                        try await accounts[0].search(for: MadeUpText.vocabulary[0], in: room, orderedBy: order)
                    }
                }
                measurements.append(Measurement("\(size) messages by \(order)", tally, observation))
            }
        }
        return measurements
    }
}

extension Account {
    /// Asks for the first page of a search, which must find something.
    fileprivate func search(for term: String, in room: Room, orderedBy order: String) async throws(RequestFailure) {
        let filter: JSONObject = ["rooms": [.string(room.id)]]
        let criteria: JSONObject = ["search_term": .string(term), "order_by": .string(order), "filter": .object(filter)]
        let body = ByteBuffer(json: ["search_categories": ["room_events": .object(criteria)]])
        let answer = try await client.request(.post, "/_matrix/client/v3/search", body: body)
        let results = try Scan(answer).object("search_categories").object("room_events").array("results")
        if results.isEmpty { throw RequestFailure("nothing was found") }
    }
}
