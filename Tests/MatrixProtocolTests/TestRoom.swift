import CanonicalJSON
import MatrixProtocol
import Testing

/// A room whose state tests set as they like, without asking the rules, to ask these about one event.
struct TestRoom {
    static let creator = "@creator:example.org"

    let version: RoomVersion
    let create: Event
    private(set) var state: [StateKey: Event]

    /// A room that `TestRoom.creator` made and is in; by default without power levels and join rules.
    init(version: RoomVersion, create content: JSONObject = [:], joinRule: String? = nil, powerLevels: JSONObject? = nil) throws {
        self.version = version
        var content = content
        content["room_version"] = .string(version.id)
        if !version.creatorIsSender { content["creator"] = .string(Self.creator) }
        create = try Self.build(
            EventTemplate(
                type: EventType.roomCreate, stateKey: "", content: content, sender: UserID(trusted: Self.creator),
                roomID: version.roomIDIsCreateHash ? nil : RoomID(trusted: "!room:example.org")),
            version: version, prevEvents: [])
        state = [.create: create]
        try set("m.room.member", Self.creator, ["membership": "join"], sender: Self.creator)
        if let joinRule { try set("m.room.join_rules", "", ["join_rule": .string(joinRule)], sender: Self.creator) }
        if let powerLevels { try set("m.room.power_levels", "", powerLevels, sender: Self.creator) }
    }

    private static func build(_ template: EventTemplate, version: RoomVersion, prevEvents: [EventID]) throws -> Event {
        try Event.build(
            template, version: version, prevEvents: prevEvents.map { EventReference($0) }, authEvents: [], depth: 5, originServerTS: 1_000,
            serverName: template.sender.serverName, signingKey: SigningVectorTests.signingKey())
    }

    var powerLevels: PowerLevels { PowerLevels(state[.powerLevels], create: create, version: version) }

    /// An event of the room, as the sender's server would make it.
    func event(
        _ type: String, _ stateKey: String?, _ content: JSONObject, sender: String, prevEvents: [EventID]? = nil
    ) throws -> Event {
        try Self.build(
            EventTemplate(type: type, stateKey: stateKey, content: content, sender: UserID(trusted: sender), roomID: create.roomID),
            version: version, prevEvents: prevEvents ?? [EventID(trusted: "$previous")])
    }

    /// A redaction that names its target where the room version wants it.
    func redaction(of target: EventID, sender: String) throws -> Event {
        try Self.build(
            EventTemplate(
                type: EventType.roomRedaction, content: [:], sender: UserID(trusted: sender), roomID: create.roomID, redacts: target),
            version: version, prevEvents: [EventID(trusted: "$previous")])
    }

    /// A message event.
    func event(_ type: String, _ content: JSONObject, sender: String) throws -> Event { try event(type, nil, content, sender: sender) }

    mutating func set(_ type: String, _ stateKey: String, _ content: JSONObject, sender: String) throws {
        state[StateKey(type, stateKey)] = try event(type, stateKey, content, sender: sender)
    }

    mutating func setMembership(_ user: String, _ membership: Membership) throws {
        try set("m.room.member", user, ["membership": .string(membership.rawValue)], sender: user)
    }

    /// Why the rules refuse an event; nil if they allow it.
    func refusal(of event: Event) throws -> AuthorizationError? {
        do {
            try Authorization.check(event, version: version) { state[$0] }
            return nil
        } catch let error as AuthorizationError {
            return error
        }
    }

    func refusal(
        of type: String, _ stateKey: String? = nil, _ content: JSONObject = [:], sender: String
    ) throws -> AuthorizationError? {
        try refusal(of: event(type, stateKey, content, sender: sender))
    }

    /// Why `sender` may not set a user's membership; nil if that is allowed.
    func refusal(_ membership: String, of user: String, by sender: String, _ content: JSONObject = [:]) throws -> AuthorizationError? {
        var content = content
        content["membership"] = .string(membership)
        return try refusal(of: event("m.room.member", user, content, sender: sender))
    }
}
