import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// Users' own state keys (MSC3757).
@Suite struct OwnedStateTests {
    private func room(_ fixture: RoomsFixture, _ version: RoomVersion) async throws -> RoomID {
        try await fixture.room(version: version, with: fixture.bob) { request in
            request.powerLevelOverride = ["state_default": 0, "events": [:]]
        }
    }

    @Test(arguments: RoomVersion.unstable)
    func keysHaveOwners(version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, version)
        let (alice, bob) = (fixture.alice, fixture.bob)
        #expect(try fixture.content("m.room.create", of: room, for: alice)?["room_version"] == .string(version.id))
        try await fixture.set("org.example.a", "\(bob.userID)_DEVICE", ["x": 1], in: room, by: bob)
        try await fixture.set("org.example.a", "\(bob.userID)_DEVICE", ["x": 2], in: room, by: alice)
        #expect(try fixture.content("org.example.a", "\(bob.userID)_DEVICE", of: room, for: bob) == ["x": 2])
        await expect(.forbidden, 403) {
            try await fixture.set("org.example.a", "\(alice.userID)_DEVICE", ["x": 1], in: room, by: bob)
        }
        for key in ["@bob", "@bob_x", "\(bob.userID)@x_y"] {
            for user in [alice, bob] {
                await expect(.badJSON, 400) { try await fixture.set("org.example.a", key, ["x": 1], in: room, by: user) }
            }
        }
    }

    @Test(arguments: [RoomVersion.v10, .v11, .v12])
    func elsewhereOnlyOnesOwnIDIsAllowed(version: RoomVersion) async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, version)
        for key in ["@bob", "\(fixture.bob.userID)_DEVICE", "\(fixture.alice.userID)"] {
            await expect(.forbidden, 403) { try await fixture.set("org.example.a", key, ["x": 1], in: room, by: fixture.bob) }
        }
        try await fixture.set("org.example.a", "\(fixture.bob.userID)", ["x": 1], in: room, by: fixture.bob)
        try await fixture.set("org.example.a", "_\(fixture.bob.userID)_DEVICE", ["x": 1], in: room, by: fixture.bob)
    }

    @Test func aRoomCanBeUpgradedToOne() async throws {
        let fixture = try await RoomsFixture()
        let room = try await room(fixture, .v11)
        let successor = try await fixture.rooms.upgrade(room, to: "org.matrix.msc3757.11", additionalCreators: [], by: fixture.alice)
        #expect(try fixture.content("m.room.create", of: successor, for: fixture.alice)?["room_version"] == "org.matrix.msc3757.11")
    }
}
