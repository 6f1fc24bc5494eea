import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing
import TransitoryDatabase

extension VirtualServer {
    /// One sync, which leaves the user's presence as it is unless told otherwise.
    func sync(
        since: SyncToken? = nil, filter: JSONObject = [:], as presence: UserPresence.State = .offline, timeout: Int64 = 0,
        by user: Requester
    ) async throws -> (answer: JSONValue, next: SyncToken) {
        let request = SyncRequest(
            since: since, timeoutMilliseconds: timeout, filter: try SyncFilter(checking: filter), presence: presence)
        let answer = try await homeserver.sync.sync(request, for: user).json()
        return (answer, try #require(answer["next_batch"]?.stringValue.flatMap(SyncToken.init(_:))))
    }

    /// Lets what isn't waited for become visible.
    func settle() async throws { try await wait(50) }
}

extension JSONValue {
    /// The content of a joined room's ephemeral event of a type, in a sync's answer.
    func ephemeral(_ type: String, in room: RoomID) -> JSONValue? {
        self["rooms", "join", room.string, "ephemeral", "events"]?.arrayValue?.first { $0["type"]?.stringValue == type }?["content"]
    }

    /// What a sync's answer tells of a user's presence.
    func presence(of user: Requester) -> JSONValue? {
        self["presence", "events"]?.arrayValue?.first { $0["sender"]?.stringValue == user.userID.string }?["content"]
    }
}
