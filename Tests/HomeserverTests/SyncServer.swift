import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import TestSupport
import Testing

/// A whole homeserver in a fresh directory, and people on it who sync.
struct SyncServer {
    let homeserver: Homeserver
    let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")
    let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "BOB")
    let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")

    /// Runs `body` with a server.
    static func run(following: FollowingLimits = FollowingLimits(), _ body: (SyncServer) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        var settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: AccountsSettings())
        settings.following = following
        try await Homeserver.run(settings: settings, environment: .system()) { try await body(SyncServer(homeserver: $0)) }
    }

    /// A room of Alice's, which the others have joined one after the other.
    func room(_ preset: CreateRoomRequest.Preset, with others: Requester...) async throws -> RoomID {
        var request = CreateRoomRequest()
        request.preset = preset
        let room = try await homeserver.rooms.create(request, by: alice)
        for user in others { try await homeserver.rooms.join(room, content: [:], by: user) }
        return room
    }

    func setTopic(_ topic: String, in room: RoomID) async throws {
        _ = try await homeserver.rooms.setState(.topic, ["topic": .string(topic)], in: room, by: alice)
    }

    /// Sets a user's global account data.
    func set(_ type: String, _ content: JSONObject, of user: Requester) async throws {
        try await homeserver.accounts.setAccountData(of: user.userID, in: nil, type: type, to: content.encoded(), for: user)
    }

    func say(_ text: String, in room: RoomID, by user: Requester) async throws {
        _ = try await homeserver.rooms.send(
            "m.room.message", ["body": .string(text)], to: room, transactionID: SystemRandom().alphanumeric(10), by: user)
    }

    /// A sync, Bob's if nothing else is said.
    func sync(
        since: SyncToken? = nil, filter: JSONObject = [:], state section: SyncRequest.StateSection = .before, by user: Requester? = nil
    ) async throws -> (answer: JSONValue, next: SyncToken) {
        let request = SyncRequest(since: since, stateSection: section, filter: try SyncFilter(checking: filter))
        let answer = try await homeserver.sync.sync(request, for: user ?? bob).json()
        return (answer, try #require(answer["next_batch"]?.stringValue.flatMap(SyncToken.init(_:))))
    }
}
