import MatrixProtocol
import Store
import StoreTestSupport
import StoredIdentifiers
import Testing

@testable import RoomsDatabase

/// Whom an event of a room wakes.
@Suite struct LocalMembersTests {
    private let alice = TestRooms.alice
    private let bob = TestRooms.bob

    /// What is remembered of a room follows its members without being read again: the snapshot here stays the old one.
    @Test func aMembershipChangesWhatIsRemembered() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let other = try await rooms.makeRoom()
            let snapshot = rooms.database.snapshot()
            let members = LocalMembers()
            func scopes(_ room: Room) -> Set<Scope> { members.scopes(of: room.shortID.scope, in: snapshot, on: TestRooms.serverName) }

            #expect(scopes(room) == [.user(alice)])
            members.setJoined(true, bob, in: room.shortID)
            // What isn't remembered is read when somebody asks.
            members.setJoined(true, bob, in: other.shortID)
            #expect(scopes(room) == [.user(alice), .user(bob)])
            #expect(scopes(other) == [.user(alice)])
            members.setJoined(false, alice, in: room.shortID)
            members.setJoined(false, alice, in: room.shortID)
            #expect(scopes(room) == [.user(bob)])
        }
    }

    @Test(.timeLimit(.minutes(10))) func whoJoinsIsWokenFromThenOn() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom(.v12, [(.joinRules, ["join_rule": "public"])])
            let alices = rooms.notifier.register([.user(alice)])
            try await rooms.say("remembered from now on", in: room)
            // The clock stands still, so only what happens ends a wait.
            let clock = VirtualClock()
            await alices.wait(atMost: 1000, on: clock)
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            // The join itself wakes Bob; when this is answered, that is over.
            try await rooms.say("hello", in: room)
            let bobs = rooms.notifier.register([.user(bob)])
            try await rooms.say("hello Bob", in: room)
            await bobs.wait(atMost: 1000, on: clock)
        }
    }
}
