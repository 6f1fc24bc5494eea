import CanonicalJSON
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import TestSupport

/// The machine's own clock and threads, one pool for all tests.
private let systemEnvironment = Environment.system()

/// A rooms database in a fresh directory, and what it takes to make rooms in it.
final class TestRooms: Sendable {
    static let serverName = ServerName(trusted: "example.org")
    static let alice = UserID(trusted: "@alice:example.org")
    static let bob = UserID(trusted: "@bob:example.org")

    let database: RoomsDatabase
    let notifier = Notifier()
    let signingKey: SigningKey
    private let directory: TemporaryDirectory

    private init(_ directory: TemporaryDirectory) async throws {
        guard let key = SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1") else {
            throw CannotSign()
        }
        signingKey = key
        self.directory = directory
        database = try await RoomsDatabase(
            directory: "\(directory.path)/rooms", serverName: Self.serverName, blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: systemEnvironment, notifier: notifier)
    }

    private struct CannotSign: Error {}

    /// Opens a database for as long as `body` takes.
    static func session<Result>(
        in directory: TemporaryDirectory? = nil, _ body: (TestRooms) async throws -> Result
    ) async throws -> Result {
        let rooms = try await TestRooms(directory ?? TemporaryDirectory())
        defer { rooms.database.close() }
        return try await body(rooms)
    }

    var view: RoomsView { database.view() }

    func commit<Result: Sendable>(_ body: @escaping @Sendable (RoomsCommit) throws -> Result) async throws -> Result {
        try await database.commit(.synced, body)
    }

    /// A room that Alice has made and is joined to, with further state of hers.
    func makeRoom(_ version: RoomVersion = .v12, _ state: [(StateKey, JSONObject)] = []) async throws -> Room {
        let name = "!\(SystemRandom().alphanumeric(10)):\(Self.serverName)"
        var content: JSONObject = ["room_version": .string(version.id)]
        if !version.creatorIsSender { content["creator"] = .string(Self.alice.string) }
        var room = try NewRoom(
            version: version, roomID: version.roomIDIsCreateHash ? nil : RoomID(trusted: name), creator: Self.alice, content: content,
            originServerTS: systemEnvironment.clock.now(), serverName: Self.serverName, signingKey: signingKey)
        for (key, content) in [(.member(Self.alice), ["membership": "join"])] + state {
            try room.set(key, content)
        }
        return try await commit { [room] commit in
            guard let made = try commit.create(room) else { throw RoomExists() }
            return made
        }
    }

    private struct RoomExists: Error {}

    /// Sends a state event.
    @discardableResult
    func set(_ key: StateKey, _ content: JSONObject, in room: Room, by sender: UserID = alice) async throws -> EventID {
        try await commit { [signingKey] commit in
            try commit.send(.state(key, content, in: room, by: sender), in: room, signingKey: signingKey)
        }
    }

    /// Sends a message.
    @discardableResult
    func say(_ text: String, in room: Room, by sender: UserID = alice, _ transaction: Transaction? = nil) async throws -> EventID {
        try await commit { [signingKey] commit in
            try commit.send(.message(text, in: room, by: sender), in: room, signingKey: signingKey, by: transaction)
        }
    }

    @discardableResult
    func setMembership(_ membership: Membership, of user: UserID, in room: Room, by sender: UserID) async throws -> EventID {
        try await set(.member(user), ["membership": .string(membership.rawValue)], in: room, by: sender)
    }

    /// An event as it is stored.
    func event(_ id: EventID, in room: Room) throws -> Event {
        guard let stored = try view.timelineEvent(id)?.event else { throw NoSuchEvent() }
        return try Event(trusted: stored.json, id: id, roomID: room.id, version: room.version)
    }

    private struct NoSuchEvent: Error {}
}

extension EventTemplate {
    static func state(_ key: StateKey, _ content: JSONObject, in room: Room, by sender: UserID) -> EventTemplate {
        EventTemplate(type: key.type, stateKey: key.key, content: content, sender: sender, roomID: room.id)
    }

    static func message(_ text: String, in room: Room, by sender: UserID) -> EventTemplate {
        EventTemplate(type: EventType.roomMessage, content: ["msgtype": "m.text", "body": .string(text)], sender: sender, roomID: room.id)
    }
}
