import CanonicalJSON
import MatrixProtocol
import Testing

/// Server-server API, "Auth events selection".
struct AuthEventSelectionTests {
    private let alice = UserID(trusted: "@alice:example.org")
    private let bob = UserID(trusted: "@bob:example.org")

    private func keys(_ type: String, _ stateKey: String?, _ content: JSONObject, _ version: RoomVersion = .v11) -> [StateKey] {
        Authorization.authEventKeys(type: type, stateKey: stateKey, sender: alice, content: content, version: version)
    }

    @Test func createHasNone() {
        #expect(keys("m.room.create", "", [:]) == [])
    }

    @Test func messages() {
        #expect(keys("m.room.message", nil, [:]) == [.create, .powerLevels, .member(alice)])
        #expect(keys("m.room.message", nil, [:], .v12) == [.powerLevels, .member(alice)])
    }

    @Test func memberships() {
        let usual: [StateKey] = [.create, .powerLevels, .member(alice)]
        #expect(keys("m.room.member", alice.string, ["membership": "join"]) == usual + [.joinRules])
        #expect(keys("m.room.member", alice.string, ["membership": "knock"]) == usual + [.joinRules])
        #expect(keys("m.room.member", bob.string, ["membership": "invite"]) == usual + [.member(bob), .joinRules])
        #expect(keys("m.room.member", bob.string, ["membership": "leave"]) == usual + [.member(bob)])
        #expect(keys("m.room.member", bob.string, ["membership": "ban"]) == usual + [.member(bob)])
        #expect(keys("m.room.member", alice.string, ["membership": "leave"]) == usual)
    }

    @Test func thirdPartyInvite() {
        let content: JSONObject = ["membership": "invite", "third_party_invite": ["signed": ["token": "t"]]]
        #expect(keys("m.room.member", bob.string, content).last == .thirdPartyInvite(token: "t"))
        #expect(keys("m.room.member", bob.string, ["membership": "invite", "third_party_invite": [:]]).last == .joinRules)
    }

    @Test func restrictedJoin() {
        let content: JSONObject = ["membership": "join", "join_authorised_via_users_server": .string(bob.string)]
        #expect(keys("m.room.member", alice.string, content) == [.create, .powerLevels, .member(alice), .joinRules, .member(bob)])
        #expect(keys("m.room.member", alice.string, content, .v8).last == .member(bob))
        #expect(keys("m.room.member", alice.string, content, .v7) == [.create, .powerLevels, .member(alice), .joinRules])
        let invite: JSONObject = ["membership": "invite", "join_authorised_via_users_server": "@carol:example.org"]
        #expect(keys("m.room.member", bob.string, invite).last == .joinRules)
    }

    @Test func ofTemplatesAndEvents() throws {
        let room = try TestRoom(version: .v12)
        let event = try room.event("m.room.member", alice.string, ["membership": "join"], sender: alice.string)
        let template = EventTemplate(
            type: "m.room.member", stateKey: alice.string, content: ["membership": "join"], sender: alice, roomID: room.create.roomID)
        #expect(Authorization.authEventKeys(for: event, version: .v12) == [.powerLevels, .member(alice), .joinRules])
        #expect(Authorization.authEventKeys(for: template, version: .v12) == [.powerLevels, .member(alice), .joinRules])
    }
}
