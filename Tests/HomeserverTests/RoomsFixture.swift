import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import TestSupport
import Testing

/// The capabilities Rooms, Directory and Profiles on a database of their own, and three people who use them.
final class RoomsFixture: Sendable {
    /// Shared, so that many fixtures at a time don't have threads by the hundred.
    private static let executors = ThreadExecutors()

    let clock = TestClock()
    let environment: Environment
    let database: RoomsDatabase
    let accounts: AccountsDatabase
    let intents: Intents
    let jobs: Jobs
    private let key: SigningKey
    let rooms: Rooms
    let directory: Directory
    let profiles: Profiles
    private let temporaryDirectory: TemporaryDirectory

    let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")
    let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "BOB")
    let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")

    /// - Parameters:
    ///   - outgoingHTTP: what makes requests to other servers; by default none are made.
    ///   - messageRate: how often a user sends events.
    init(outgoingHTTP: any OutgoingHTTP = NoOutgoingHTTP(), messageRate: RateLimits.Rate? = nil) async throws {
        temporaryDirectory = try TemporaryDirectory()
        let serverName = try #require(ServerName("example.org"))
        var environment = Environment(clock: clock, random: SystemRandom(), executors: Self.executors)
        environment.outgoingHTTP = outgoingHTTP
        self.environment = environment
        database = try await RoomsDatabase(
            directory: temporaryDirectory.path + "/rooms", serverName: serverName, blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: environment, notifier: Notifier())
        accounts = try AccountsDatabase(
            directory: temporaryDirectory.path + "/accounts", serverName: serverName, blockCache: BlockCache(capacityBytes: 1 << 20),
            environment: environment, notifier: Notifier())
        let succeeding = IntentKind(Rooms.succeedRoomIntent, [Accounts.succeedingRooms(in: accounts)])
        intents = Intents(of: database.database, kinds: [succeeding], environment: environment)
        key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        jobs = Self.makeJobs(of: database, accounts, key, environment)
        rooms = Rooms(
            database: database, accounts: accounts, intents: intents, jobs: jobs, serverName: serverName, signingKey: key,
            environment: environment,
            defaultVersion: .default, messageRate: messageRate)
        directory = Directory(rooms: rooms)
        profiles = Profiles(rooms: rooms)
    }

    deinit {
        database.close()
        accounts.close()
    }
}

extension RoomsFixture {
    /// The database's jobs, as another run of the program would have them.
    func makeJobs() -> Jobs { Self.makeJobs(of: database, accounts, key, environment) }

    private static func makeJobs(
        of database: RoomsDatabase, _ accounts: AccountsDatabase, _ key: SigningKey, _ environment: Environment
    ) -> Jobs {
        Jobs(
            of: database.database,
            kinds: [
                Rooms.showingProfiles(in: database, signingKey: key),
                Rooms.removingGuests(in: database, accounts: accounts, signingKey: key),
            ], environment: environment)
    }
}

// MARK: - Doing things

extension RoomsFixture {
    /// A room of Alice's, which the others have joined.
    func room(
        _ preset: CreateRoomRequest.Preset = .publicChat, version: RoomVersion = .default, with others: Requester...,
        setting change: (inout CreateRoomRequest) -> Void = { _ in }
    ) async throws -> RoomID {
        clock.advance(by: 1)
        var request = CreateRoomRequest()
        request.preset = preset
        request.roomVersion = version.id
        change(&request)
        let room = try await rooms.create(request, by: alice)
        for user in others { try await rooms.join(room, content: [:], by: user) }
        return room
    }

    @discardableResult
    func say(_ text: String, in room: RoomID, by user: Requester, _ transactionID: String? = nil) async throws -> EventID {
        let transactionID = transactionID ?? SystemRandom().alphanumeric(10)
        return try await rooms.send("m.room.message", ["body": .string(text)], to: room, transactionID: transactionID, by: user)
    }

    @discardableResult
    func set(_ type: String, _ key: String, _ content: JSONObject, in room: RoomID, by user: Requester) async throws -> EventID {
        try await rooms.setState(StateKey(type, key), content, in: room, by: user)
    }

    @discardableResult
    func set(_ type: String, _ content: JSONObject, in room: RoomID, by user: Requester) async throws -> EventID {
        try await set(type, "", content, in: room, by: user)
    }
}

// MARK: - Looking at things

extension RoomsFixture {
    /// A state event's content; nil if the room has none.
    func content(_ type: String, _ key: String = "", of room: RoomID, for user: Requester) throws -> JSONValue? {
        do {
            return try rooms.state(StateKey(type, key), of: room, as: .content, for: user).json()
        } catch let error as MatrixError where error.code == .notFound {
            return nil
        }
    }

    func membership(of user: Requester, in room: RoomID) throws -> JSONValue? {
        try content("m.room.member", user.userID.string, of: room, for: alice)?["membership"]
    }

    func event(_ id: EventID, in room: RoomID, for user: Requester) throws -> JSONValue {
        try rooms.event(id, in: room, for: user).json()
    }

    /// A page of the room's history: the events' bodies, or their types where they have none.
    func page(of room: RoomID, _ request: MessagesRequest, for user: Requester) throws -> (bodies: [String], answer: JSONValue) {
        let answer = try rooms.messages(of: room, request, for: user).json()
        let chunk = answer["chunk"]?.arrayValue ?? []
        return (chunk.compactMap { ($0["content", "body"] ?? $0["type"])?.stringValue }, answer)
    }

    /// The bodies of the messages that the user sees, the oldest first.
    func messages(of room: RoomID, for user: Requester) throws -> [String] {
        let filter = EventFilter(["types": ["m.room.message"]])
        return try page(of: room, MessagesRequest(isBackward: false, limit: 1000, filter: filter), for: user).bodies
    }
}

extension [UInt8] {
    /// The answer of a capability, parsed.
    func json() throws -> JSONValue { try JSONValue(parsing: self) }
}

extension AnswerInPieces {
    /// The whole answer, parsed.
    func json() throws -> JSONValue {
        var (left, bytes) = (self, [UInt8]())
        while let piece = try left.next() { bytes += piece }
        return try bytes.json()
    }
}

extension JSONValue {
    /// The value at a path of members; nil if there is none.
    subscript(path: String...) -> JSONValue? {
        path.reduce(self) { value, key in value?.objectValue?[key] }
    }

    /// The strings of an array.
    var strings: [String]? { arrayValue?.compactMap(\.stringValue) }
}
