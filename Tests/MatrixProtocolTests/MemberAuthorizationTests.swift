import CanonicalJSON
import MatrixProtocol
import Testing

/// Rule 5 of the authorization rules, `m.room.member`; numbers are room version 12's.
struct MemberAuthorizationTests {
    private static let creator = TestRoom.creator
    private static let alice = "@alice:example.org"
    private static let bob = "@bob:other.org"
    private static let moderator = "@moderator:example.org"

    /// A room with a moderator of level 50 and one of level 50 who has another's power; ban and kick are 50, invite is 10.
    private func room(_ version: RoomVersion, joinRule: String? = "invite") throws -> TestRoom {
        var room = try TestRoom(
            version: version, joinRule: joinRule,
            powerLevels: [
                "invite": 10, "kick": 40, "ban": 50, "users": [.init(Self.moderator): 50, "@equal:example.org": 50, "@kicker:x": 40],
            ])
        for user in [Self.moderator, "@equal:example.org", "@kicker:x"] { try room.setMembership(user, .join) }
        return room
    }

    @Test("5.1", arguments: RoomVersion.supported)
    func targetAndMembership(version: RoomVersion) throws {
        let room = try room(version)
        #expect(try room.refusal(of: "m.room.member", nil, ["membership": "join"], sender: Self.alice) == .noTargetOrMembership)
        #expect(try room.refusal(of: "m.room.member", Self.alice, [:], sender: Self.alice) == .noTargetOrMembership)
    }

    @Test("5.2", arguments: RoomVersion.supported.filter(\.restrictedJoins))
    func authorisingServer(version: RoomVersion) throws {
        var room = try room(version, joinRule: "restricted")
        try room.setMembership("@kicker:x", .join)
        let content: JSONObject = ["membership": "join", "join_authorised_via_users_server": "@kicker:x"]
        let unsigned = try room.event("m.room.member", Self.alice, content, sender: Self.alice)
        #expect(try room.refusal(of: unsigned) == .notSignedByAuthorisingServer(ServerName(trusted: "x")))
        let signed = try Event(
            EventSigning.sign(unsigned.json, version: version, as: ServerName(trusted: "x"), with: SigningVectorTests.signingKey()),
            version: version)
        #expect(try room.refusal(of: signed) == nil)
        #expect(EventSigning.requiredSigners(signed, version: version).map(\.string) == ["example.org", "x"])
        let invalid: JSONObject = ["join_authorised_via_users_server": 1]
        #expect(try room.refusal("join", of: Self.alice, by: Self.alice, invalid) == .authorisingUserInvalid)
    }

    @Test("5.3.1", arguments: RoomVersion.supported)
    func creatorJoins(version: RoomVersion) throws {
        var room = try TestRoom(version: version)
        try room.setMembership(Self.creator, .leave)
        let join: JSONObject = ["membership": "join"]
        let first = try room.event("m.room.member", Self.creator, join, sender: Self.creator, prevEvents: [room.create.id])
        let later = try room.event("m.room.member", Self.creator, join, sender: Self.creator)
        let other = try room.event("m.room.member", Self.alice, join, sender: Self.alice, prevEvents: [room.create.id])
        #expect(try room.refusal(of: first) == nil)
        #expect(try room.refusal(of: later) == .notInvited)
        #expect(try room.refusal(of: other) == .notInvited)
    }

    @Test("5.3.2, 5.3.3", arguments: RoomVersion.supported)
    func joinsOfOthersAndOfTheBanned(version: RoomVersion) throws {
        var room = try room(version, joinRule: "public")
        #expect(try room.refusal("join", of: Self.alice, by: Self.moderator) == .notOwnMembership)
        try room.setMembership(Self.alice, .ban)
        #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == .banned(Self.alice))
    }

    @Test("5.3.4", arguments: RoomVersion.supported, [JoinRule.invite, .knock])
    func joinByInvitation(version: RoomVersion, joinRule: JoinRule) throws {
        var room = try room(version, joinRule: joinRule.rawValue)
        guard joinRule.isAvailable(in: version) else {
            #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == .joinRuleForbidsJoin)
            return
        }
        for membership in [Membership.leave, .knock] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == .notInvited)
        }
        for membership in [Membership.invite, .join] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == nil)
        }
    }

    @Test("5.3.4 without a join rules event", arguments: RoomVersion.supported)
    func defaultJoinRule(version: RoomVersion) throws {
        #expect(try room(version, joinRule: nil).refusal("join", of: Self.alice, by: Self.alice) == .notInvited)
    }

    @Test("5.3.5", arguments: RoomVersion.supported, [JoinRule.restricted, .knockRestricted])
    func restrictedJoin(version: RoomVersion, joinRule: JoinRule) throws {
        var room = try room(version, joinRule: joinRule.rawValue)
        guard joinRule.isAvailable(in: version) else {
            try room.setMembership(Self.alice, .invite)
            #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == .joinRuleForbidsJoin)
            return
        }
        func vouched(by user: String) throws -> AuthorizationError? {
            try room.refusal("join", of: Self.alice, by: Self.alice, ["join_authorised_via_users_server": .string(user)])
        }
        #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == .notInvited)
        #expect(try vouched(by: Self.moderator) == nil)
        #expect(try vouched(by: Self.creator) == (version.creatorsArePrivileged ? nil : .notAuthorisedToInvite(Self.creator)))
        #expect(try vouched(by: "@absent:example.org") == .notAuthorisedToInvite("@absent:example.org"))
        try room.setMembership("@weak:example.org", .join)
        #expect(try vouched(by: "@weak:example.org") == .notAuthorisedToInvite("@weak:example.org"))
        try room.setMembership(Self.moderator, .leave)
        #expect(try vouched(by: Self.moderator) == .notAuthorisedToInvite(Self.moderator))
        for membership in [Membership.invite, .join] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("join", of: Self.alice, by: Self.alice) == nil)
        }
    }

    @Test("5.3.6, 5.3.7", arguments: RoomVersion.supported)
    func joinByOtherRules(version: RoomVersion) throws {
        #expect(try room(version, joinRule: "public").refusal("join", of: Self.bob, by: Self.bob) == nil)
        #expect(try room(version, joinRule: "private").refusal("join", of: Self.bob, by: Self.bob) == .joinRuleForbidsJoin)
        #expect(try room(version, joinRule: "org.example.odd").refusal("join", of: Self.bob, by: Self.bob) == .joinRuleForbidsJoin)
    }

    @Test("5.4.2 to 5.4.5", arguments: RoomVersion.supported)
    func invite(version: RoomVersion) throws {
        var room = try room(version)
        #expect(try room.refusal("invite", of: Self.bob, by: Self.moderator) == nil)
        #expect(try room.refusal("invite", of: Self.bob, by: Self.alice) == .senderNotInRoom(UserID(trusted: Self.alice)))
        try room.setMembership(Self.alice, .join)
        #expect(
            try room.refusal("invite", of: Self.bob, by: Self.alice) == .insufficientPower(.invite, needed: 10, has: .level(0)))
        for membership in [Membership.join, .ban] {
            try room.setMembership(Self.bob, membership)
            #expect(try room.refusal("invite", of: Self.bob, by: Self.moderator) == .alreadyInRoomOrBanned(Self.bob))
        }
        for membership in [Membership.leave, .invite, .knock] {
            try room.setMembership(Self.bob, membership)
            #expect(try room.refusal("invite", of: Self.bob, by: Self.moderator) == nil)
        }
    }

    @Test("5.5.1", arguments: RoomVersion.supported)
    func leave(version: RoomVersion) throws {
        var room = try room(version)
        for membership in [Membership.invite, .join] + (version.knocking ? [.knock] : []) {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("leave", of: Self.alice, by: Self.alice) == nil)
        }
        for membership in [Membership.leave, .ban] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("leave", of: Self.alice, by: Self.alice) == .nothingToLeave)
        }
    }

    @Test("5.5.2 to 5.5.5", arguments: RoomVersion.supported)
    func kick(version: RoomVersion) throws {
        var room = try room(version)
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal("leave", of: Self.alice, by: Self.bob) == .senderNotInRoom(UserID(trusted: Self.bob)))
        #expect(try room.refusal("leave", of: Self.alice, by: Self.moderator) == nil)
        #expect(try room.refusal("leave", of: Self.alice, by: "@kicker:x") == nil)
        #expect(
            try room.refusal("leave", of: "@kicker:x", by: Self.alice) == .insufficientPower(.kick, needed: 40, has: .level(0)))
        #expect(try room.refusal("leave", of: "@equal:example.org", by: Self.moderator) == .targetHasAsMuchPower("@equal:example.org"))
        try room.setMembership(Self.alice, .ban)
        #expect(try room.refusal("leave", of: Self.alice, by: Self.moderator) == nil)
        #expect(
            try room.refusal("leave", of: Self.alice, by: "@kicker:x") == .insufficientPower(.unban, needed: 50, has: .level(40)))
    }

    @Test("5.6", arguments: RoomVersion.supported)
    func ban(version: RoomVersion) throws {
        var room = try room(version)
        #expect(try room.refusal("ban", of: Self.alice, by: Self.bob) == .senderNotInRoom(UserID(trusted: Self.bob)))
        #expect(try room.refusal("ban", of: Self.alice, by: Self.moderator) == nil)
        try room.setMembership(Self.alice, .join)
        #expect(try room.refusal("ban", of: Self.alice, by: Self.moderator) == nil)
        #expect(try room.refusal("ban", of: Self.alice, by: "@kicker:x") == .insufficientPower(.ban, needed: 50, has: .level(40)))
        #expect(try room.refusal("ban", of: "@equal:example.org", by: Self.moderator) == .targetHasAsMuchPower("@equal:example.org"))
    }

    /// Creators of a version 12 room can remove anybody but each other.
    @Test("5.5.4 and 5.6.2 for creators") func creators() throws {
        var room = try TestRoom(
            version: .v12, create: ["additional_creators": [.string(Self.alice)]], powerLevels: ["users": [.init(Self.bob): 100]])
        try room.setMembership(Self.alice, .join)
        try room.setMembership(Self.bob, .join)
        #expect(try room.refusal("ban", of: Self.bob, by: Self.alice) == nil)
        #expect(try room.refusal("ban", of: Self.alice, by: Self.bob) == .targetHasAsMuchPower(Self.alice))
        #expect(try room.refusal("leave", of: Self.creator, by: Self.alice) == .targetHasAsMuchPower(Self.creator))
    }

    @Test("5.7", arguments: RoomVersion.supported, [JoinRule.knock, .knockRestricted])
    func knock(version: RoomVersion, joinRule: JoinRule) throws {
        var room = try room(version, joinRule: joinRule.rawValue)
        guard joinRule.isAvailable(in: version) else {
            let refusal: AuthorizationError = version.knocking ? .joinRuleForbidsKnock : .unknownMembership
            #expect(try room.refusal("knock", of: Self.alice, by: Self.alice) == refusal)
            return
        }
        #expect(try room.refusal("knock", of: Self.alice, by: Self.alice) == nil)
        #expect(try room.refusal("knock", of: Self.alice, by: Self.moderator) == .notOwnMembership)
        for membership in [Membership.ban, .invite, .join] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("knock", of: Self.alice, by: Self.alice) == .knockingWhileInRoom)
        }
        for membership in [Membership.leave, .knock] {
            try room.setMembership(Self.alice, membership)
            #expect(try room.refusal("knock", of: Self.alice, by: Self.alice) == nil)
        }
    }

    @Test("5.7.1", arguments: RoomVersion.supported.filter(\.knocking), ["invite", "public", "restricted", "private", "org.example.odd"])
    func knockWithoutRule(version: RoomVersion, joinRule: String) throws {
        #expect(try room(version, joinRule: joinRule).refusal("knock", of: Self.alice, by: Self.alice) == .joinRuleForbidsKnock)
    }

    @Test("5.8", arguments: RoomVersion.supported)
    func unknownMembership(version: RoomVersion) throws {
        let room = try room(version)
        #expect(try room.refusal("dance", of: Self.alice, by: Self.alice) == .unknownMembership)
        #expect(try room.refusal(of: "m.room.member", Self.alice, ["membership": 1], sender: Self.alice) == .unknownMembership)
    }
}
