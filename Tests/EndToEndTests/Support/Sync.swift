import CanonicalJSON
import Testing

/// An answer to `/sync`.
struct SyncAnswer: Sendable {
    let body: JSONValue

    /// The token to go on from.
    var nextBatch: String { body["next_batch"]?.stringValue ?? "" }

    /// A room in the section of joined rooms.
    func joined(_ room: String) -> JSONValue? { body["rooms", "join", room] }

    /// A room in the section of invites.
    func invited(_ room: String) -> JSONValue? { body["rooms", "invite", room] }

    /// A room in the section of rooms that were left.
    func left(_ room: String) -> JSONValue? { body["rooms", "leave", room] }

    /// A joined room's timeline; empty if the room is not there.
    func timeline(_ room: String) -> [JSONValue] { joined(room)?["timeline", "events"]?.arrayValue ?? [] }

    /// A joined room's state section; empty if the room is not there.
    func state(_ room: String) -> [JSONValue] { joined(room)?["state", "events"]?.arrayValue ?? [] }

    /// A joined room's ephemeral events, by their types: their contents.
    func ephemeral(_ room: String) -> [String: JSONValue] {
        Dictionary((joined(room)?["ephemeral", "events"]?.arrayValue ?? []).map { ($0["type"]?.stringValue ?? "", $0["content"] ?? .null) })
        {
            $1
        }
    }

    /// What is told of a user's presence; nil if nothing is.
    func presence(of user: String) -> JSONValue? {
        body["presence", "events"]?.arrayValue?.first { $0["sender"]?.stringValue == user }?["content"]
    }

    /// The user's own global data.
    var accountData: [JSONValue] { body["account_data", "events"]?.arrayValue ?? [] }
}

extension MatrixTestClient {
    /// One sync.
    ///
    /// - Parameters:
    ///   - timeout: How long the server may wait for something, in milliseconds.
    ///   - filter: A filter in the request.
    ///   - presence: What it makes of the user's presence; by default nothing, so that nobody else is told of it.
    func sync(
        since: String? = nil, timeout: Int = 0, filter: JSONValue? = nil, query extra: [(String, String)] = [],
        presence: String = "offline",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> SyncAnswer {
        var query = extra + [("timeout", "\(timeout)"), ("set_presence", presence)]
        if let since { query.append(("since", since)) }
        if let filter { query.append(("filter", String(decoding: filter.encoded(), as: UTF8.self))) }
        let body = try await get("sync", query: query).ok(sourceLocation: sourceLocation)
        try #require(body["next_batch"]?.stringValue?.isEmpty == false, sourceLocation: sourceLocation)
        return SyncAnswer(body: body)
    }

    /// Syncs, with long polls, until an answer meets the condition; that answer.
    func sync(
        since: String?, filter: JSONValue? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: (SyncAnswer) -> Bool
    ) async throws -> SyncAnswer {
        var since = since
        for _ in 0..<20 {
            let answer = try await sync(since: since, timeout: 10_000, filter: filter, sourceLocation: sourceLocation)
            if condition(answer) { return answer }
            since = answer.nextBatch
        }
        throw NeverCame(sourceLocation: sourceLocation)
    }

    /// What a sync waited for did not come.
    struct NeverCame: Error {
        let sourceLocation: SourceLocation
    }
}
