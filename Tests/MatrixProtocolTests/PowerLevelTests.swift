import CanonicalJSON
import MatrixProtocol
import Testing

/// What power levels say (client-server API, "m.room.power_levels") and who may change them (rule 10 of the authorization rules).
struct PowerLevelTests {
    private static let creator = TestRoom.creator
    private static let alice = "@alice:example.org"
    private static let bob = "@bob:other.org"

    @Test(arguments: RoomVersion.supported)
    func defaultsWithoutEvent(version: RoomVersion) throws {
        let levels = try TestRoom(version: version).powerLevels
        #expect(levels.level(of: UserID(trusted: Self.creator)) == (version.creatorsArePrivileged ? .infinite : .level(100)))
        #expect(levels.level(of: UserID(trusted: Self.alice)) == .level(0))
        #expect(levels.usersDefault == 0 && levels.eventsDefault == 0 && levels.stateDefault == 50)
        #expect(levels.invite == 0 && levels.kick == 50 && levels.ban == 50 && levels.redact == 50)
        #expect(levels.levelToNotify("room") == 50)
        #expect(levels.levelToSend("x", isState: true) == 50 && levels.levelToSend("x", isState: false) == 0)
    }

    @Test(arguments: RoomVersion.supported)
    func levelsOfTheEvent(version: RoomVersion) throws {
        let content: JSONObject = [
            "users": [.init(Self.alice): 7, "not a user": 8], "users_default": 1, "events": ["a": 2], "events_default": 3,
            "state_default": 4,
            "ban": 5, "kick": 6, "redact": 8, "invite": 9, "notifications": ["room": 10],
        ]
        let levels = try TestRoom(version: version, powerLevels: content).powerLevels
        #expect(levels.level(of: UserID(trusted: Self.creator)) == (version.creatorsArePrivileged ? .infinite : .level(1)))
        #expect(levels.level(of: UserID(trusted: Self.alice)) == .level(7) && levels.level(of: UserID(trusted: Self.bob)) == .level(1))
        #expect(levels.levelToSend("a", isState: true) == 2 && levels.levelToSend("a", isState: false) == 2)
        #expect(levels.levelToSend("b", isState: true) == 4 && levels.levelToSend("b", isState: false) == 3)
        #expect([levels.ban, levels.kick, levels.redact, levels.invite, levels.levelToNotify("room")] == [5, 6, 8, 9, 10])
        #expect(levels.user(UserID(trusted: Self.alice), has: 7) && !levels.user(UserID(trusted: Self.alice), has: 8))
        #expect(levels.user(UserID(trusted: Self.bob), canSend: "b", isState: false) == false)
        #expect(levels.listedUsers.map(\.user.string) == [Self.alice] && levels.listedUsers.map(\.level) == [7])
    }

    @Test func additionalCreators() throws {
        let levels = try TestRoom(version: .v12, create: ["additional_creators": [.string(Self.alice)]], powerLevels: ["users": [:]])
            .powerLevels
        #expect(levels.level(of: UserID(trusted: Self.alice)) == .infinite)
        let older = try TestRoom(version: .v11, create: ["additional_creators": [.string(Self.alice)]]).powerLevels
        #expect(older.level(of: UserID(trusted: Self.alice)) == .level(0))
        #expect(PowerLevel.level(.max) < .infinite && PowerLevel.level(1) < .level(2))
    }

    @Test func contentsOfState() {
        #expect(Membership(["membership": "ban"]) == .ban && Membership([:]) == nil && Membership(["membership": "x"]) == nil)
        #expect(JoinRule(["join_rule": "knock_restricted"]) == .knockRestricted && JoinRule(["join_rule": 1]) == nil)
        #expect(HistoryVisibility(["history_visibility": "world_readable"]) == .worldReadable)
        #expect(HistoryVisibility(["history_visibility": "x"]) == .shared && HistoryVisibility(nil) == .shared)
        let create = CreateContent(["room_version": "12", "m.federate": false, "type": "m.space", "additional_creators": ["@a:b"]])
        #expect(create.roomVersionID == "12" && !create.federates && create.roomType == "m.space")
        #expect(create.additionalCreators.map(\.string) == ["@a:b"])
        #expect(CreateContent([:]).roomVersionID == "1" && CreateContent([:]).federates)
        #expect(RoomVersion("13") == nil && RoomVersion("12") == .default)
    }

    /// Versions whose levels are integers and nothing else.
    private static let strict = RoomVersion.supported.filter { $0.powerLevelForm == .integer }

    /// Versions 1 to 9 take texts of integers, versions 1 to 5 also numbers with fractions.
    @Test(arguments: RoomVersion.supported)
    func otherForms(version: RoomVersion) throws {
        func refusal(_ level: JSONValue) throws -> AuthorizationError? {
            try self.refusal(version, from: [:], to: ["users": [.init(Self.alice): 50, .init(Self.bob): level]])
        }
        func levels(_ text: String) throws -> PowerLevels {
            let content = try #require(try JSONValue(parsing: Array(text.utf8)).objectValue)
            return PowerLevels(content: content, create: try TestRoom(version: version).create, version: version)
        }
        let takesTexts = version.powerLevelForm != .integer
        for text in ["7", "007", "+7", " 7", "\t+07\n"] {
            #expect(try refusal(.string(text)) == (takesTexts ? nil : .powerLevelNotInteger("users")))
            let levels = try levels(#"{"users":{"\#(Self.bob)":"\#(text == "\t+07\n" ? #"\t+07\n"# : text)"},"ban":"8"}"#)
            #expect(levels.level(of: UserID(trusted: Self.bob)) == .level(takesTexts ? 7 : 0))
            #expect(levels.ban == (takesTexts ? 8 : 50))
        }
        #expect(try refusal("-7") == (takesTexts ? nil : .powerLevelNotInteger("users")))
        for text in ["", " ", "7.5", "1e2", "0x7", "7 7", "+-7", "seven", "9223372036854775808"] {
            #expect(try refusal(.string(text)) == .powerLevelNotInteger("users"))
        }
        for value: JSONValue in [.null, true, [7], [:], .bigInteger("9223372036854775808"), 1e300] {
            guard version.jsonStrictness == .lenient || ![.bigInteger("9223372036854775808"), 1e300].contains(value) else { continue }
            #expect(try refusal(value) == .powerLevelNotInteger("users"))
        }
        if version.powerLevelForm == .numberOrText {
            #expect(try refusal(50.57) == nil && refusal(51.2) == .powerLevelAboveOwn(Self.bob, level: 51, own: .level(50)))
            #expect(try levels(#"{"kick":-7.9,"ban":5.114698E4}"#).kick == -7)
            #expect(try levels(#"{"ban":5.114698E4}"#).ban == 51146)
            // 50 and "50" and 50.9 are one level.
            #expect(try self.refusal(version, from: ["ban": 1000.5], to: ["ban": "1000"]) == nil)
        }
        #expect([RoomVersion.v1, .v2, .v3, .v4, .v5].contains(version) == (version.powerLevelForm == .numberOrText))
        #expect([RoomVersion.v6, .v7, .v8, .v9].contains(version) == (version.powerLevelForm == .integerOrText))
    }

    /// Up to version 5 the rules say nothing about `notifications`.
    @Test(arguments: RoomVersion.supported)
    func notifications(version: RoomVersion) throws {
        let change = try refusal(
            version, from: ["events": ["m.room.power_levels": 50]],
            to: ["events": ["m.room.power_levels": 50], "notifications": ["room": 51]])
        let isProtected = ![RoomVersion.v1, .v2, .v3, .v4, .v5].contains(version)
        #expect(change == (isProtected ? .powerLevelAboveOwn("room", level: 51, own: .level(50)) : nil))
    }

    /// A room in which alice, of level 50, may send power levels.
    private func room(_ version: RoomVersion, _ levels: JSONObject = [:]) throws -> TestRoom {
        var levels = levels
        var users = levels["users"]?.objectValue ?? [:]
        users[Self.alice] = 50
        levels["users"] = .object(users)
        var room = try TestRoom(version: version, powerLevels: levels)
        try room.setMembership(Self.alice, .join)
        return room
    }

    /// Why alice may not turn `old` into `new`; her own level stays.
    private func refusal(_ version: RoomVersion, from old: JSONObject, to new: JSONObject) throws -> AuthorizationError? {
        var new = new
        if new["users"] == nil { new["users"] = [.init(Self.alice): 50] }
        return try room(version, old).refusal(of: "m.room.power_levels", "", new, sender: Self.alice)
    }

    @Test(
        "10.1", arguments: strict, ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"])
    func levelsAreIntegers(version: RoomVersion, name: String) throws {
        #expect(try refusal(version, from: [:], to: [.init(name): 10]) == nil)
        for value: JSONValue in ["10", .null, true, [10]] {
            #expect(try refusal(version, from: [:], to: [.init(name): value]) == .powerLevelNotInteger(name))
        }
    }

    @Test("10.2", arguments: strict, ["events", "notifications"])
    func listedLevelsAreIntegers(version: RoomVersion, name: String) throws {
        #expect(try refusal(version, from: [:], to: [.init(name): ["a": 10]]) == nil)
        for value: JSONValue in [10, [], ["a": "10"], ["a": .null]] {
            #expect(try refusal(version, from: [:], to: [.init(name): value]) == .powerLevelNotInteger(name))
        }
    }

    @Test("10.3", arguments: RoomVersion.supported)
    func users(version: RoomVersion) throws {
        let own: JSONValue = 50
        #expect(try refusal(version, from: [:], to: ["users": [.init(Self.alice): own, "@Historical ID:x": 1]]) == nil)
        #expect(try refusal(version, from: [:], to: ["users": [.init(Self.alice): own, "bob": 1]]) == .powerLevelUserInvalid("bob"))
        #expect(
            try refusal(version, from: [:], to: ["users": [.init(Self.alice): own, .init(Self.bob): "x"]]) == .powerLevelNotInteger("users")
        )
        #expect(try refusal(version, from: [:], to: ["users": 1]) == .powerLevelNotInteger("users"))
    }

    @Test("10.4") func creatorsAreNotListed() throws {
        let create: JSONObject = ["additional_creators": [.string(Self.alice)]]
        for (version, listed) in [(RoomVersion.v11, false), (.v12, true)] {
            let room = try TestRoom(version: version, create: create)
            for user in [Self.creator, Self.alice] {
                let refusal = try room.refusal(of: "m.room.power_levels", "", ["users": [.init(user): 1]], sender: Self.creator)
                #expect(refusal == (listed ? .creatorInPowerLevels(UserID(trusted: user)) : nil))
            }
            #expect(try room.refusal(of: "m.room.power_levels", "", ["users": [.init(Self.bob): 1]], sender: Self.creator) == nil)
        }
    }

    @Test("10.5", arguments: RoomVersion.supported)
    func firstPowerLevels(version: RoomVersion) throws {
        let room = try TestRoom(version: version)
        #expect(try room.refusal(of: "m.room.power_levels", "", ["users": [.init(Self.bob): 1000]], sender: Self.creator) == nil)
    }

    @Test(
        "10.6", arguments: RoomVersion.supported, ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"])
    func singleLevels(version: RoomVersion, name: String) throws {
        let key = name
        // Leave alice able to send power levels at all.
        let base: JSONObject = ["events": ["m.room.power_levels": 50]]
        func object(_ level: JSONValue?) -> JSONObject {
            var object = base
            object[key] = level
            return object
        }
        let tooHigh = AuthorizationError.powerLevelAboveOwn(name, level: 51, own: .level(50))
        for (old, new) in [(nil, 50), (50, nil), (10, 50), (51, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: object(old), to: object(new)) == nil)
        }
        for (old, new) in [(nil, 51), (51, nil), (51, 50), (50, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: object(old), to: object(new)) == tooHigh)
        }
    }

    @Test("10.7, 10.8", arguments: RoomVersion.supported, ["events", "notifications"])
    func listedLevels(version: RoomVersion, name: String) throws {
        guard name == "events" || version.notificationLevelsProtected else { return }
        func object(_ level: JSONValue?) -> JSONObject {
            var list: JSONObject = name == "events" ? ["m.room.power_levels": 50] : [:]
            list["a"] = level
            return ["events": ["m.room.power_levels": 50], .init(name): .object(list)]
        }
        let tooHigh = AuthorizationError.powerLevelAboveOwn("a", level: 51, own: .level(50))
        for (old, new) in [(nil, 50), (50, nil), (10, 50), (51, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: object(old), to: object(new)) == nil)
        }
        for (old, new) in [(nil, 51), (51, nil), (51, 50), (50, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: object(old), to: object(new)) == tooHigh)
        }
    }

    @Test("10.9, 10.10", arguments: RoomVersion.supported)
    func userLevels(version: RoomVersion) throws {
        func users(_ bob: JSONValue?, alice: JSONValue? = 50) -> JSONObject {
            var users: JSONObject = [:]
            users[Self.alice] = alice
            users[Self.bob] = bob
            return ["events": ["m.room.power_levels": 50], "users": .object(users)]
        }
        for (old, new) in [(nil, 50), (49, nil), (10, 50), (51, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: users(old), to: users(new)) == nil)
        }
        for (old, new) in [(50, nil), (50, 49), (51, 50), (51, nil)] as [(JSONValue?, JSONValue?)] {
            #expect(try refusal(version, from: users(old), to: users(new)) == .powerLevelOfEqualUser(Self.bob))
        }
        for (old, new) in [(nil, 51), (10, 51)] as [(JSONValue?, JSONValue?)] {
            #expect(
                try refusal(version, from: users(old), to: users(new)) == .powerLevelAboveOwn(Self.bob, level: 51, own: .level(50)))
        }
        // One's own level may go down, or away, but not up.
        #expect(try refusal(version, from: users(nil), to: users(nil, alice: 10)) == nil)
        #expect(try refusal(version, from: users(nil), to: users(nil, alice: nil)) == nil)
        #expect(
            try refusal(version, from: users(nil), to: users(nil, alice: 51))
                == .powerLevelAboveOwn(Self.alice, level: 51, own: .level(50)))
    }

    /// A creator of version 12 is above every level.
    @Test("10.6 to 10.10 for creators") func creatorsChangeEverything() throws {
        let room = try room(.v12, ["ban": 1000, "users": [.init(Self.bob): 1000]])
        #expect(try room.refusal(of: "m.room.power_levels", "", ["ban": 2000], sender: Self.creator) == nil)
    }
}
