import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import StoreTestSupport
import TestSupport
import Testing

/// A whole homeserver on a virtual clock, and people on it. Time passes only when nothing else is left to do.
struct VirtualServer: Sendable {
    let homeserver: Homeserver
    let clock: VirtualClock
    let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")
    let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "BOB")

    /// Runs `body` with a server on the directory, which it may have been on before.
    ///
    /// - Parameters:
    ///   - seed: decides which of the tasks that are ready goes on.
    ///   - rateLimits: how often users can do something; nil sets no limits.
    static func run<Result: Sendable>(
        on directory: TemporaryDirectory, clock: VirtualClock = VirtualClock(), seed: UInt64 = 1,
        accounts: AccountsSettings = AccountsSettings(), following: FollowingLimits = FollowingLimits(),
        streamsSizeMaxBytes: Int64? = nil, rateLimits: RateLimits? = nil,
        _ body: @escaping @Sendable (VirtualServer) async throws -> Result
    ) throws -> Result {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        var settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: accounts)
        settings.following = following
        if let streamsSizeMaxBytes { settings.streams.sizeMaxBytes = streamsSizeMaxBytes }
        settings.accounts.rateLimits = rateLimits
        let seeded = SeededEnvironment(seed: seed, clock: clock)
        return try seeded.run { [settings] in
            try await Homeserver.run(settings: settings, environment: seeded.environment) { homeserver in
                try await body(VirtualServer(homeserver: homeserver, clock: clock))
            }
        }
    }

    /// The same with a directory of its own.
    static func run(
        streamsSizeMaxBytes: Int64? = nil, rateLimits: RateLimits? = nil,
        _ body: @escaping @Sendable (VirtualServer) async throws -> Void
    ) throws {
        try run(on: TemporaryDirectory(), streamsSizeMaxBytes: streamsSizeMaxBytes, rateLimits: rateLimits, body)
    }

    var rooms: Rooms { homeserver.rooms }

    /// Lets time pass.
    func wait(_ milliseconds: Int64) async throws {
        try await clock.sleep(milliseconds: milliseconds)
    }

    /// A room of Alice's that Bob has joined, in which everybody may set state.
    func room() async throws -> RoomID {
        var request = CreateRoomRequest()
        request.preset = .publicChat
        request.powerLevelOverride = ["state_default": 0, "events": [:]]
        let room = try await rooms.create(request, by: alice)
        try await rooms.join(room, content: [:], by: bob)
        return room
    }

    /// The room's newest events, the newest first.
    func newest(_ count: Int, of room: RoomID, for user: Requester) throws -> [JSONValue] {
        try rooms.messages(of: room, MessagesRequest(isBackward: true, limit: count), for: user).json()["chunk"]?.arrayValue ?? []
    }

    /// The bodies of the room's messages, the oldest first.
    func bodies(of room: RoomID) throws -> [String] {
        let filter = EventFilter(["types": ["m.room.message"]])
        let answer = try rooms.messages(of: room, MessagesRequest(isBackward: false, limit: 1000, filter: filter), for: alice).json()
        return answer["chunk"]?.arrayValue?.compactMap { $0["content", "body"]?.stringValue } ?? []
    }
}
