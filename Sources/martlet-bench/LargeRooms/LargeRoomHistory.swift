import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// The history of a public room whose members are on made-up servers, event by event, each following the one before and signed by its sender's
/// server: the members join one after the other, talk, and change their names.
struct LargeRoomHistory {
    private static let serverCount = 200
    /// One event in so many is a member's new name.
    private static let eventsPerName = 20
    /// The history's beginning, in milliseconds, and what lies between two events.
    private static let startMilliseconds: Int64 = 1_750_000_000_000
    private static let stepMilliseconds: Int64 = 10_000

    /// The room's first events.
    let beginning: NewRoom
    private let version: RoomVersion
    private let members: Int
    private let events: Int
    private let servers: [(name: ServerName, key: SigningKey)]
    private let verifyKeys: [ServerName: VerifyKey]
    private var rights: [StateKey: EventReference] = [:]
    private var last: EventReference
    private var depth: Int64
    private var joined = 1
    private var random = SeededRandom(seed: 2)
    private var text = MadeUpText(seed: 3)

    /// - Parameters:
    ///   - members: how many there are in the end, the creator among them.
    ///   - events: how many there are in the end.
    init(version: RoomVersion, members: Int, events: Int) throws {
        self.version = version
        self.members = members
        self.events = events
        servers = try (0..<Self.serverCount).map { number in
            let seed = [UInt8](repeating: UInt8(number), count: SigningKey.seedSizeBytes)
            guard let key = SigningKey(seed: seed, version: "1") else { throw LargeRoomError("there is no key for server \(number)") }
            return (ServerName(trusted: "server\(number).example.org"), key)
        }
        verifyKeys = Dictionary(uniqueKeysWithValues: servers.map { ($0.name, $0.key.verifyKey) })
        let creator = Self.user(0)
        var content: JSONObject = ["room_version": .string(version.id)]
        if !version.creatorIsSender { content["creator"] = .string(creator.string) }
        var room = try NewRoom(
            version: version, roomID: version.roomIDIsCreateHash ? nil : RoomID(trusted: "!large:\(servers[0].name)"), creator: creator,
            content: content, originServerTS: Self.startMilliseconds, serverName: servers[0].name, signingKey: servers[0].key)
        try room.set(.member(creator), ["membership": "join"])
        try room.set(.powerLevels, ["users": version.creatorsArePrivileged ? [:] : [creator.string: 100]])
        try room.set(.joinRules, ["join_rule": "public"])
        try room.set(.historyVisibility, ["history_visibility": "shared"])
        beginning = room
        for event in room.events {
            if let key = event.key { rights[key] = EventReference(event, version: version) }
        }
        last = EventReference(room.events[room.events.count - 1], version: version)
        depth = Int64(room.events.count)
    }

    /// The next event; nil when there are enough.
    mutating func next() throws -> Event? {
        let number = Int(depth)
        guard number < events else { return nil }
        if joined < members, joined * events <= number * members || events - number <= members - joined {
            joined += 1
            return try memberEvent(of: joined - 1)
        }
        let sender = Int.random(in: 0..<joined, using: &random)
        if number % Self.eventsPerName == 0 { return try memberEvent(of: sender) }
        return try event("m.room.message", by: sender, ["msgtype": "m.text", "body": .string(text.next())])
    }

    /// Takes an event as a server does that gets it from another one.
    func receive(_ event: Event) throws -> Event {
        try Event.receive(
            event.json, version: version,
            signatures: .keys { server, _, _ in verifyKeys[server] })
    }

    private static func user(_ number: Int) -> UserID {
        UserID(trusted: "@user\(number):server\(number % serverCount).example.org")
    }

    private mutating func memberEvent(of member: Int) throws -> Event {
        let content: JSONObject = ["membership": "join", "displayname": .string(text.next(words: 2))]
        let event = try event(EventType.roomMember, stateKey: Self.user(member).string, by: member, content)
        if let key = event.key { rights[key] = last }
        return event
    }

    private mutating func event(_ type: String, stateKey: String? = nil, by sender: Int, _ content: JSONObject) throws -> Event {
        let server = servers[sender % Self.serverCount]
        let template = EventTemplate(
            type: type, stateKey: stateKey, content: content, sender: Self.user(sender), roomID: beginning.id)
        depth += 1
        let event = try Event.build(
            template, version: version, prevEvents: [last],
            authEvents: Authorization.authEventKeys(for: template, version: version).compactMap { rights[$0] }, depth: depth,
            originServerTS: Self.startMilliseconds + depth * Self.stepMilliseconds, serverName: server.name, signingKey: server.key)
        last = EventReference(event, version: version)
        return event
    }
}

/// What is wrong with a large room or its directory.
struct LargeRoomError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
