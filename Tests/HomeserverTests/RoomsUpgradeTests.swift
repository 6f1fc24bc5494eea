import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// "Room upgrades".
@Suite struct RoomsUpgradeTests {
    private func upgrade(
        _ fixture: RoomsFixture, _ room: RoomID, to version: String, additionalCreators: [UserID] = [], by user: Requester? = nil
    ) async throws -> RoomID {
        try await fixture.rooms.upgrade(room, to: version, additionalCreators: additionalCreators, by: user ?? fixture.alice)
    }

    @Test(arguments: [("10", "11"), ("11", "12"), ("12", "11"), ("12", "12")])
    func aSuccessorTakesOver(_ from: String, _ to: String) async throws {
        let fixture = try await RoomsFixture()
        let version = try #require(RoomVersion(from))
        let old = try await fixture.room(version: version, with: fixture.bob) { request in
            request.name = "Kitchen"
            request.topic = "Cooking"
            request.aliasLocalpart = "kitchen\(from)to\(to)"
            request.visibility = .public
            request.creationContent = ["type": "org.example.kind"]
        }
        try await fixture.set("m.room.guest_access", ["guest_access": "forbidden"], in: old, by: fixture.alice)
        try await fixture.set("org.example.own", ["of": "the sender"], in: old, by: fixture.alice)
        try await fixture.rooms.join(old, content: [:], by: fixture.carol)
        try await fixture.rooms.ban(fixture.carol.userID, from: old, reason: "noise", by: fixture.alice)

        let new = try await upgrade(fixture, old, to: to)
        func content(_ type: String, _ key: String = "") throws -> JSONValue? {
            try fixture.content(type, key, of: new, for: fixture.alice)
        }
        #expect(try content("m.room.create")?["room_version"]?.stringValue == to)
        #expect(try content("m.room.create")?["type"] == "org.example.kind")
        #expect(try content("m.room.create")?["predecessor", "room_id"]?.stringValue == old.string)
        #expect(try (content("m.room.create")?["predecessor", "event_id"] == nil) == (to == "12"))
        #expect(try content("m.room.name")?["name"] == "Kitchen")
        #expect(try content("m.room.topic")?["topic"] == "Cooking")
        #expect(try content("m.room.join_rules")?["join_rule"] == "public")
        #expect(try content("m.room.guest_access")?["guest_access"] == "forbidden")
        #expect(try content("org.example.own") == nil)
        #expect(try content("m.room.member", fixture.carol.userID.string)?["membership"] == "ban")
        #expect(try content("m.room.member", fixture.carol.userID.string)?["reason"] == "noise")
        #expect(try content("m.room.member", fixture.bob.userID.string) == nil)
        #expect(try content("m.room.canonical_alias")?["alias"]?.stringValue == "#kitchen\(from)to\(to):example.org")
        let users = try content("m.room.power_levels")?["users"]?.objectValue
        #expect(users?[fixture.alice.userID.string] == (to == "12" ? nil : 100))

        let alias = try #require(RoomAlias("#kitchen\(from)to\(to):example.org"))
        #expect(try fixture.directory.resolve(alias).room == new)
        #expect(try fixture.directory.isPublic(new))
        #expect(try !fixture.directory.isPublic(old))
        #expect(try fixture.content("m.room.tombstone", of: old, for: fixture.alice)?["replacement_room"]?.stringValue == new.string)
        #expect(try fixture.content("m.room.canonical_alias", of: old, for: fixture.alice)?["alias"] == nil)
        let closed = try #require(try fixture.content("m.room.power_levels", of: old, for: fixture.alice))
        #expect(closed["events_default"] == 50)
        #expect(closed["invite"] == 50)
        await #expect(throws: MatrixError.self) { try await fixture.say("too late", in: old, by: fixture.bob) }
        try await fixture.rooms.join(new, content: [:], by: fixture.bob)
        try await fixture.say("hello", in: new, by: fixture.bob)
    }

    @Test func additionalCreatorsAreTheRequests() async throws {
        let fixture = try await RoomsFixture()
        let version = try #require(RoomVersion("12"))
        let old = try await fixture.room(version: version) {
            $0.creationContent = ["additional_creators": [.string(fixture.bob.userID.string)]]
        }
        let new = try await upgrade(fixture, old, to: "12", additionalCreators: [fixture.carol.userID])
        let create = try fixture.content("m.room.create", of: new, for: fixture.alice)
        #expect(create?["additional_creators"] == [.string(fixture.carol.userID.string)])
    }

    @Test func aSpaceKeepsItsChildren() async throws {
        let fixture = try await RoomsFixture()
        let space = try await fixture.room { $0.creationContent = ["type": "m.space"] }
        try await fixture.set("m.space.child", "!child:example.org", ["via": ["example.org"]], in: space, by: fixture.alice)
        try await fixture.set("m.space.child", "!gone:example.org", [:], in: space, by: fixture.alice)
        let new = try await upgrade(fixture, space, to: "12")
        #expect(try fixture.content("m.space.child", "!child:example.org", of: new, for: fixture.alice)?["via"] == ["example.org"])
        #expect(try fixture.content("m.space.child", "!gone:example.org", of: new, for: fixture.alice) == nil)
    }

    @Test func moreStateThanOneCommitTakes() async throws {
        let fixture = try await RoomsFixture()
        let space = try await fixture.room { $0.creationContent = ["type": "m.space"] }
        for number in 0..<200 {
            try await fixture.set("m.space.child", "!child\(number):example.org", ["via": ["example.org"]], in: space, by: fixture.alice)
        }
        let new = try await upgrade(fixture, space, to: "12")
        let state = try fixture.rooms.state(of: new, for: fixture.alice).json().arrayValue ?? []
        #expect(state.filter { $0["type"] == "m.space.child" }.count == 200)
    }

    @Test func whoMaySendNoTombstoneCannotUpgrade() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        for user in [fixture.bob, fixture.carol] {
            do {
                _ = try await upgrade(fixture, room, to: "12", by: user)
                Issue.record("the room was upgraded")
            } catch let error as MatrixError {
                #expect(error.code == .forbidden)
            }
        }
        #expect(try fixture.content("m.room.tombstone", of: room, for: fixture.alice) == nil)
    }

    @Test func levelsWithoutBoundAreNoObstacle() async throws {
        let fixture = try await RoomsFixture()
        let version = try #require(RoomVersion("9"))
        let old = try await fixture.room(version: version) { $0.powerLevelOverride = ["users_default": "9223372036854775807"] }
        let new = try await upgrade(fixture, old, to: "9")
        #expect(try fixture.content("m.room.tombstone", of: old, for: fixture.alice)?["replacement_room"]?.stringValue == new.string)
    }

    @Test func anUnknownVersionIsRefused() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        do {
            _ = try await upgrade(fixture, room, to: "no-such-version")
            Issue.record("the room was upgraded")
        } catch let error as MatrixError {
            #expect(error.code == .unsupportedRoomVersion)
        }
    }
}
