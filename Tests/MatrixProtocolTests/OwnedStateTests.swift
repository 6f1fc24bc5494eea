import MatrixProtocol
import Testing

/// State keys that belong to users (MSC3757).
@Suite struct OwnedStateTests {
    private static let alice = "@a:h"
    private static let mallory = "@m:h"

    /// A room with Alice, who is no more than others, and Mallory, who has power; Bob, who has some too, isn't in it.
    private static func room(_ version: RoomVersion) throws -> TestRoom {
        var room = try TestRoom(
            version: version, powerLevels: ["state_default": 0, "users": [.init(mallory): 50, "@b:h": 50, "@weak:h": 49, "@p_@a:h": 50]])
        for user in [alice, mallory] { try room.setMembership(user, .join) }
        return room
    }

    @Test(arguments: RoomVersion.unstable)
    func keysHaveOwners(version: RoomVersion) throws {
        let room = try Self.room(version)
        func refusal(_ key: String, by sender: String) throws -> AuthorizationError? {
            try room.refusal(of: "org.example.a", key, sender: sender)
        }
        for key in [Self.alice, "@a:h_x", "@a:h_", "@a:h_@b:h", "anything", "_@b:h", ""] {
            #expect(try refusal(key, by: Self.alice) == nil)
        }
        for key in ["@b:h", "@b:h_x", "@p_@a:h", "@p_@a:h_x", "@a:hx", "@a:h:80_x"] {
            #expect(try refusal(key, by: Self.alice) == .stateKeyOfAnotherUser, "\(key)")
        }
        for key in ["@a", "@a_x", "@", "@a:", "@a:_x", "@a:h@x_y", "@a:h:x_y", "@a:h/_x"] {
            for sender in [Self.alice, Self.mallory] { #expect(try refusal(key, by: sender) == .stateKeyWithoutOwner, "\(key)") }
        }
        // More power than the owner's is enough, as much is not; who isn't listed has the default.
        for key in [Self.alice, "@a:h_x", "@weak:h_x", "@nobody:elsewhere.org_x"] { #expect(try refusal(key, by: Self.mallory) == nil) }
        for key in ["@b:h", "@b:h_x", "@p_@a:h_x"] { #expect(try refusal(key, by: Self.mallory) == .stateKeyOfAnotherUser) }
    }

    @Test(arguments: RoomVersion.unstable)
    func theTypesLevelCountsFirst(version: RoomVersion) throws {
        var room = try TestRoom(version: version, powerLevels: ["state_default": 10])
        try room.setMembership(Self.alice, .join)
        #expect(
            try room.refusal(of: "org.example.a", "@a:h_x", sender: Self.alice)
                == .insufficientPower(.send(type: "org.example.a"), needed: 10, has: .level(0)))
    }

    @Test(arguments: RoomVersion.supported)
    func elsewhereOnlyOnesOwnIDIsAllowed(version: RoomVersion) throws {
        let room = try Self.room(version)
        for key in ["@a:h_x", "@a", "@a:h@x_y", "@a:hx", "@b:h"] {
            for sender in [Self.alice, Self.mallory] {
                #expect(try room.refusal(of: "org.example.a", key, sender: sender) == .stateKeyOfAnotherUser)
            }
        }
        #expect(try room.refusal(of: "org.example.a", "_@a:h_x", sender: Self.alice) == nil)
    }

    @Test func versionsAreThoseBeforeWithOneRuleChanged() throws {
        #expect(RoomVersion("org.matrix.msc3757.10")?.powerLevelForm == RoomVersion.v10.powerLevelForm)
        #expect(RoomVersion("org.matrix.msc3757.10")?.creatorIsSender == false)
        #expect(RoomVersion("org.matrix.msc3757.11")?.creatorIsSender == true)
        #expect(RoomVersion.supported.allSatisfy { !$0.stateKeysHaveOwners })
        #expect(RoomVersion("org.matrix.msc3757.12") == nil)
    }
}
