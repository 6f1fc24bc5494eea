import CanonicalJSON
import TestSupport
import Testing

/// A member of a room who learns everything by sync, from one token to the next, whatever happens to the server in between.
actor RoomFollower {
    /// What is kept of an event.
    struct Event: Sendable, Hashable {
        let id: String
        /// What a message or a piece of state says; empty for others.
        let text: String

        init(_ json: JSONValue) {
            id = json["event_id"]?.stringValue ?? ""
            text = json["content", "body"]?.stringValue ?? json["content", "text"]?.stringValue ?? ""
        }
    }

    private static let filter: JSONValue = ["room": ["timeline": ["limit": 100], "state": ["types": []]]]

    private let room: String
    private var client: MatrixTestClient
    /// The token to go on from.
    private(set) var token: String
    /// What has come after the first token, in order.
    private(set) var events: [Event] = []
    /// What the messages to its device have said, in order.
    private(set) var deviceMessages: [String] = []

    init(_ client: MatrixTestClient, of room: String, since token: String) {
        self.client = client
        self.room = room
        self.token = token
    }

    /// Where it is now.
    var place: Load.OldToken { Load.OldToken(token: token, eventCount: events.count) }

    /// Goes on with another server that has everything.
    func move(to server: ServerProcess) {
        client = client.on(server)
    }

    /// Syncs, waiting for news, until the server is gone or `isOver` is true.
    func follow(until isOver: @Sendable () -> Bool = { false }) async {
        while !isOver(), !Task.isCancelled {
            do { try await step(timeout: 1000) } catch { return }
        }
    }

    /// Syncs until there is nothing new.
    func catchUp() async throws {
        while try await step(timeout: 0) > 0 {}
    }

    /// One sync, and what it left out: all of it, or nothing when the server goes away in between.
    ///
    /// - Returns: how much it was.
    @discardableResult
    private func step(timeout: Int) async throws -> Int {
        let answer = try await client.sync(since: token, timeout: timeout, filter: Self.filter)
        var new: [Event] = []
        if let timeline = answer.joined(room)?["timeline"] {
            new = timeline["events"]?.arrayValue?.map(Event.init) ?? []
            if timeline["limited"] == true {
                var from = timeline["prev_batch"]?.stringValue
                while let start = from {
                    let page = try await client.messages(in: room, from: start, to: token, limit: 1000)
                    new = page.chunk.reversed().map(Event.init) + new
                    from = page.chunk.isEmpty ? nil : page.end
                }
            }
        }
        events += new
        let messages = answer.body["to_device", "events"]?.arrayValue ?? []
        deviceMessages += messages.messageBodies
        token = answer.nextBatch
        return new.count + messages.count
    }

    /// The room's history as `/messages` has it, from the oldest event on, without those up to `event`.
    func history(after event: String? = nil) async throws -> [Event] {
        var newestFirst: [Event] = []
        var from: String?
        repeat {
            let page = try await client.messages(in: room, from: from, limit: 1000)
            for event in page.chunk.map(Event.init) { newestFirst.append(event) }
            if let event, let index = newestFirst.firstIndex(where: { $0.id == event }) {
                return newestFirst[..<index].reversed()
            }
            from = page.end
        } while from != nil
        return newestFirst.reversed()
    }
}
