import CanonicalJSON
import MatrixProtocol
import Testing

/// The authorization rules outside membership and power levels, one by one; numbers are room version 12's.
struct AuthorizationTests {
    private static let creator = TestRoom.creator
    private static let alice = "@alice:example.org"
    private static let bob = "@bob:other.org"

    private func create(
        _ version: RoomVersion, _ content: JSONObject, sender: String = creator, prevEvents: [EventID] = [], extra: JSONObject = [:]
    ) throws -> AuthorizationError? {
        var event: JSONObject = [
            "type": "m.room.create", "state_key": "", "content": .object(content), "sender": .string(sender), "auth_events": [],
            "prev_events": .array(prevEvents.map { .string($0.string) }), "depth": 1, "origin_server_ts": 1, "hashes": [:],
            "signatures": [:],
        ]
        if version.eventFormat.carriesEventID {
            event["event_id"] = "$create:example.org"
            event["prev_events"] = .array(prevEvents.map { [.string($0.string), [:]] })
        }
        if !version.roomIDIsCreateHash { event["room_id"] = "!room:example.org" }
        for (name, value) in extra { event[name] = value }
        let created = try Event(event, version: version)
        do {
            try Authorization.check(created, version: version) { _ in nil }
            return nil
        } catch let error as AuthorizationError {
            return error
        }
    }

    private func validCreate(_ version: RoomVersion) -> JSONObject {
        version.creatorIsSender ? ["room_version": .string(version.id)] : ["room_version": .string(version.id), "creator": "@x:y"]
    }

    @Test("1.1, 1.5", arguments: RoomVersion.supported)
    func createIsFirst(version: RoomVersion) throws {
        #expect(try create(version, validCreate(version)) == nil)
        #expect(try create(version, validCreate(version), prevEvents: [EventID(trusted: "$x")]) == .createHasPreviousEvents)
    }

    @Test("1.2") func createAndItsRoom() throws {
        #expect(try create(.v11, validCreate(.v11), sender: Self.bob) == .createInForeignRoom)
        #expect(try create(.v12, validCreate(.v12), sender: Self.bob) == nil)
        #expect(try create(.v12, validCreate(.v12), extra: ["room_id": "!room:example.org"]) == .createHasRoomID)
    }

    @Test("1.3", arguments: RoomVersion.supported)
    func createNamesKnownVersion(version: RoomVersion) throws {
        var content = validCreate(version)
        content["room_version"] = "org.example.unknown"
        #expect(try create(version, content) == .unknownRoomVersion("\"org.example.unknown\""))
        content["room_version"] = 11
        #expect(try create(version, content) == .unknownRoomVersion("11"))
        content.removeValue(forKey: "room_version")
        #expect(try create(version, content) == nil)
    }

    @Test("1.4 before version 11") func createNamesCreator() throws {
        for version in [RoomVersion.v1, .v5, .v10] {
            #expect(try create(version, [:]) == .createHasNoCreator)
        }
        #expect(try create(.v11, ["room_version": "11"]) == nil)
    }

    @Test("1.4 from version 12 on") func additionalCreators() throws {
        for valid: JSONValue in [[], [.string(Self.alice)], [.string(Self.alice), "@Historical ID:example.org"]] {
            #expect(try create(.v12, ["additional_creators": valid]) == nil)
        }
        for invalid: JSONValue in [1, .string(Self.alice), [1], ["alice"], [.string(Self.alice), "@x"], [.null], [:]] {
            #expect(try create(.v12, ["additional_creators": invalid]) == .invalidAdditionalCreators)
            #expect(try create(.v11, ["additional_creators": invalid]) == nil)
        }
    }

    @Test("2") func roomIsOfCreateEvent() throws {
        let room = try TestRoom(version: .v12)
        let other = try TestRoom(version: .v12, create: ["x": 1])
        let foreign = try other.event("m.room.message", [:], sender: Self.creator)
        #expect(try room.refusal(of: foreign) == .roomNotFromCreateEvent(other.create.roomID))
        #expect(try other.refusal(of: foreign) == nil)
    }

    @Test(arguments: RoomVersion.supported)
    func stateWithoutCreateEvent(version: RoomVersion) throws {
        let event = try TestRoom(version: version).event("m.room.message", [:], sender: Self.creator)
        #expect(throws: AuthorizationError.noCreateEvent) { try Authorization.check(event, version: version) { _ in nil } }
    }

    private struct Unavailable: Error {}

    @Test func errorsOfTheStatePassThrough() throws {
        let event = try TestRoom(version: .v12).event("m.room.message", [:], sender: Self.creator)
        #expect(throws: Unavailable.self) { try Authorization.check(event, version: .v12) { _ in throw Unavailable() } }
    }

    private func authEvents(
        of room: TestRoom, _ keys: [StateKey], rejected: StateKey? = nil, extra: [Event] = []
    ) throws -> AuthorizationError? {
        let event = try room.event("m.room.message", [:], sender: Self.creator)
        do throws(AuthorizationError) {
            try Authorization.checkAuthEvents(keys.compactMap { room.state[$0] } + extra, of: event, version: room.version) {
                $0.key == rejected
            }
            return nil
        } catch {
            return error
        }
    }

    @Test("3.1 to 3.5", arguments: RoomVersion.supported)
    func authEvents(version: RoomVersion) throws {
        let room = try TestRoom(version: version, joinRule: "public", powerLevels: [:])
        let member = StateKey.member(UserID(trusted: Self.creator))
        let usual: [StateKey] = version.roomIDIsCreateHash ? [.powerLevels, member] : [.create, .powerLevels, member]
        #expect(try authEvents(of: room, usual) == nil)
        #expect(try authEvents(of: room, usual + [member]) == .duplicateAuthEvent(member))
        #expect(try authEvents(of: room, usual + [.joinRules]) == .unexpectedAuthEvent(.joinRules))
        let message = try room.event("m.room.message", [:], sender: Self.creator)
        #expect(try authEvents(of: room, usual, extra: [message]) == .unexpectedAuthEvent(nil))
        let rejected = try #require(room.state[member])
        #expect(try authEvents(of: room, usual, rejected: member) == .rejectedAuthEvent(rejected.id))

        let other = try TestRoom(version: version, create: ["x": 1], powerLevels: [:])
        let foreign = try #require(other.state[.powerLevels])
        let own = usual.filter { $0 != .powerLevels }
        #expect(
            try authEvents(of: room, own, extra: [foreign])
                == (version.roomIDIsCreateHash ? .authEventFromOtherRoom(foreign.id) : nil))
    }

    @Test("3.5") func authEventFromOtherRoom() throws {
        let room = try TestRoom(version: .v11)
        let foreign = try Event(
            [
                "type": "m.room.power_levels", "state_key": "", "content": [:], "sender": .string(Self.creator), "auth_events": [],
                "prev_events": [], "depth": 1, "origin_server_ts": 1, "hashes": [:], "signatures": [:], "room_id": "!another:example.org",
            ], version: .v11)
        #expect(try authEvents(of: room, [.create], extra: [foreign]) == .authEventFromOtherRoom(foreign.id))
    }

    @Test("3.2 and 3.4: the create event among the auth events") func createAmongAuthEvents() throws {
        let member = StateKey.member(UserID(trusted: Self.creator))
        #expect(try authEvents(of: TestRoom(version: .v11), [member]) == .noCreateEvent)
        #expect(try authEvents(of: TestRoom(version: .v12), [.create, member]) == .unexpectedAuthEvent(.create))
    }

    @Test("4", arguments: RoomVersion.supported)
    func federation(version: RoomVersion) throws {
        var closed = try TestRoom(version: version, create: ["m.federate": false])
        var open = try TestRoom(version: version, create: ["m.federate": true])
        for user in [Self.alice, Self.bob] {
            try closed.setMembership(user, .join)
            try open.setMembership(user, .join)
        }
        #expect(try closed.refusal(of: "m.room.message", sender: Self.alice) == nil)
        #expect(try closed.refusal(of: "m.room.message", sender: Self.bob) == .notFederated(ServerName(trusted: "other.org")))
        #expect(try open.refusal(of: "m.room.message", sender: Self.bob) == nil)
    }

    @Test("6", arguments: RoomVersion.supported)
    func senderIsMember(version: RoomVersion) throws {
        var room = try TestRoom(version: version)
        #expect(try room.refusal(of: "m.room.message", sender: Self.alice) == .senderNotInRoom(UserID(trusted: Self.alice)))
        for membership in [Membership.invite, .knock, .leave, .ban] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal(of: "m.room.message", sender: Self.alice) == .senderNotInRoom(UserID(trusted: Self.alice)))
        }
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal(of: "m.room.message", sender: Self.alice) == nil)
    }

    @Test("7", arguments: RoomVersion.supported)
    func thirdPartyInvite(version: RoomVersion) throws {
        var room = try TestRoom(version: version, powerLevels: ["invite": 10, "state_default": 100, "users": [.init(Self.alice): 10]])
        try room.setMembership(Self.alice, .join)
        try room.setMembership(Self.bob, .join)
        #expect(try room.refusal(of: "m.room.third_party_invite", "token", sender: Self.alice) == nil)
        #expect(
            try room.refusal(of: "m.room.third_party_invite", "token", sender: Self.bob)
                == .insufficientPower(.invite, needed: 10, has: .level(0)))
    }

    @Test("8", arguments: RoomVersion.supported)
    func requiredPowerLevel(version: RoomVersion) throws {
        var room = try TestRoom(
            version: version,
            powerLevels: ["events": ["org.example.a": 20], "events_default": 5, "state_default": 30, "users": [.init(Self.alice): 20]])
        try room.setMembership(Self.alice, .join)
        try room.setMembership(Self.bob, .join)
        #expect(try room.refusal(of: "org.example.a", sender: Self.alice) == nil)
        #expect(try room.refusal(of: "org.example.a", "", sender: Self.alice) == nil)
        #expect(try room.refusal(of: "m.room.message", sender: Self.alice) == nil)
        #expect(
            try room.refusal(of: "m.room.topic", "", sender: Self.alice)
                == .insufficientPower(.send(type: "m.room.topic"), needed: 30, has: .level(20)))
        #expect(
            try room.refusal(of: "m.room.message", sender: Self.bob)
                == .insufficientPower(.send(type: "m.room.message"), needed: 5, has: .level(0)))
    }

    @Test("8 without power levels", arguments: RoomVersion.supported)
    func requiredPowerLevelByDefault(version: RoomVersion) throws {
        var room = try TestRoom(version: version)
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal(of: "m.room.topic", "", sender: Self.creator) == nil)
        #expect(try room.refusal(of: "m.room.message", sender: Self.alice) == nil)
        #expect(
            try room.refusal(of: "m.room.topic", "", sender: Self.alice)
                == .insufficientPower(.send(type: "m.room.topic"), needed: 50, has: .level(0)))
    }

    /// From version 3 on the rules ask for the level to send `m.room.redaction`, never for the *redact level*.
    @Test("8 and redactions", arguments: RoomVersion.supported.filter { !$0.redactionsAreAuthorized })
    func redaction(version: RoomVersion) throws {
        var room = try TestRoom(version: version, powerLevels: ["redact": 100, "events_default": 0])
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal(of: "m.room.redaction", nil, ["redacts": "$x"], sender: Self.alice) == nil)
    }

    @Test("11 of versions 1 and 2", arguments: [RoomVersion.v1, .v2])
    func authorizedRedaction(version: RoomVersion) throws {
        var room = try TestRoom(version: version, powerLevels: ["redact": 30, "users": [.init(Self.alice): 30]])
        let carol = "@carol:example.org"
        for user in [Self.alice, Self.bob, carol] { try room.setMembership(user, .join) }
        func redaction(of target: String, by sender: String) throws -> AuthorizationError? {
            try room.refusal(of: room.redaction(of: EventID(trusted: target), sender: sender))
        }
        let refusal = AuthorizationError.insufficientPower(.redact, needed: 30, has: .level(0))
        #expect(try redaction(of: "$x:other.org", by: Self.alice) == nil)
        #expect(try redaction(of: "$x:example.org", by: carol) == nil)
        #expect(try redaction(of: "$x:other.org", by: carol) == refusal)
        #expect(try redaction(of: "$x:example.org", by: Self.bob) == refusal)
        #expect(try redaction(of: "$x", by: Self.bob) == refusal)
        #expect(try room.refusal(of: "m.room.redaction", sender: Self.bob) == refusal)
    }

    @Test("4 of versions 1 to 5", arguments: RoomVersion.supported)
    func aliases(version: RoomVersion) throws {
        // Not even a member.
        let room = try TestRoom(version: version, powerLevels: [:])
        if version.aliasesBelongToServers {
            #expect(try room.refusal(of: "m.room.aliases", "other.org", sender: Self.bob) == nil)
            #expect(try room.refusal(of: "m.room.aliases", "example.org", sender: Self.bob) == .aliasesOfAnotherServer)
            #expect(try room.refusal(of: "m.room.aliases", "", sender: Self.bob) == .aliasesOfAnotherServer)
            #expect(try room.refusal(of: "m.room.aliases", nil, sender: Self.bob) == .aliasesOfAnotherServer)
        } else {
            #expect(try room.refusal(of: "m.room.aliases", "other.org", sender: Self.bob) == .senderNotInRoom(UserID(trusted: Self.bob)))
        }
        #expect([RoomVersion.v1, .v2, .v3, .v4, .v5].contains(version) == version.aliasesBelongToServers)
    }

    @Test("9", arguments: RoomVersion.supported)
    func stateKey(version: RoomVersion) throws {
        var room = try TestRoom(version: version, powerLevels: ["state_default": 0])
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal(of: "org.example.a", Self.alice, sender: Self.alice) == nil)
        #expect(try room.refusal(of: "org.example.a", "anything", sender: Self.alice) == nil)
        #expect(try room.refusal(of: "org.example.a", Self.bob, sender: Self.alice) == .stateKeyOfAnotherUser)
        #expect(try room.refusal(of: "org.example.a", Self.alice + "_x", sender: Self.alice) == .stateKeyOfAnotherUser)
    }
}
