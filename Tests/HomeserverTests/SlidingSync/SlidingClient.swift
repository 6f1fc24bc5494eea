import CanonicalJSON
import MatrixProtocol
import Testing

@testable import Homeserver

/// A client of simplified sliding sync, which goes on from answer to answer.
struct SlidingClient {
    let homeserver: Homeserver
    let user: Requester
    var connectionID = ""
    /// Where the client is; nil before its first answer.
    var position: String?

    init(_ server: SyncServer, _ user: Requester? = nil, connectionID: String = "") {
        homeserver = server.homeserver
        self.user = user ?? server.bob
        self.connectionID = connectionID
    }

    /// What the client asks for next: a list `all`, rooms, and whatever else `change` adds.
    func request(
        _ ranges: [ClosedRange<Int>] = [0...99], limit: Int = 10, state: [(type: String, key: String)] = [],
        filter: RoomListFilter = .init(),
        subscribed: [RoomID] = []
    ) -> SlidingSyncRequest {
        let wishes = RoomWishes(timelineLimit: limit, requiredState: RequiredState(state, for: user.userID))
        var request = SlidingSyncRequest()
        request.connectionID = connectionID
        request.position = position
        if !ranges.isEmpty { request.lists = ["all": RoomList(ranges: ranges, filter: filter, wishes: wishes)] }
        for room in subscribed { request.subscriptions[room] = wishes }
        return request
    }

    /// Asks, and goes on from the answer.
    mutating func sync(_ request: SlidingSyncRequest) async throws -> JSONValue {
        let answer = try await ask(request)
        position = try #require(answer["pos"]?.stringValue)
        return answer
    }

    /// Asks by what `request` makes without more being said.
    mutating func sync(_ ranges: [ClosedRange<Int>] = [0...99], limit: Int = 10, state: [(type: String, key: String)] = []) async throws
        -> JSONValue
    {
        try await sync(request(ranges, limit: limit, state: state))
    }

    /// Asks, and loses the answer.
    func ask(_ request: SlidingSyncRequest) async throws -> JSONValue {
        try await homeserver.slidingSync.sync(request, for: user).json()
    }
}

extension JSONValue {
    /// A room of an answer.
    func room(_ id: RoomID) -> JSONValue? { self["rooms", id.string] }

    /// The rooms of an answer.
    var roomIDs: Set<String> { Set(self["rooms"]?.objectValue?.keys ?? []) }

    /// The texts of the messages in the timeline of a room of an answer.
    func bodies(_ id: RoomID) -> [String] {
        room(id)?["timeline"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? []
    }

    /// The state keys of a type in the state of a room of an answer.
    func stateKeys(_ type: String, _ id: RoomID) -> Set<String> {
        let events = room(id)?["required_state"]?.arrayValue ?? []
        return Set(events.filter { $0["type"]?.stringValue == type }.compactMap { $0["state_key"]?.stringValue })
    }
}
