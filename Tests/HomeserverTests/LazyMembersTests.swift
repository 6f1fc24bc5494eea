import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Lazy-loading room members": of whom a sync tells again, and of whom it needn't.
@Suite struct LazyMembersTests {
    private static let lazy: JSONObject = ["room": ["state": ["lazy_load_members": true], "timeline": ["limit": 1]]]
    private static let redundant: JSONObject = [
        "room": ["state": ["lazy_load_members": true, "include_redundant_members": true], "timeline": ["limit": 1]]
    ]

    /// The members that Bob is told of since a token.
    private func members(
        _ server: SyncServer, since: SyncToken?, in room: RoomID, _ filter: JSONObject = lazy, by user: Requester? = nil
    ) async throws -> (members: Set<String>, next: SyncToken) {
        let (answer, next) = try await server.sync(since: since, filter: filter, by: user)
        let state = answer["rooms", "join", room.string, "state", "events"]?.arrayValue ?? []
        return (Set(state.filter { $0["type"] == "m.room.member" }.compactMap { $0["state_key"]?.stringValue }), next)
    }

    private func session(_ body: (SyncServer, RoomID) async throws -> Void) async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob, server.carol)
            // So many that they aren't all heroes.
            for name in ["a", "b", "c", "d", "e"] {
                let user = Requester(userID: UserID(trusted: "@\(name):example.org"), deviceID: nil)
                try await server.homeserver.rooms.join(room, content: [:], by: user)
            }
            try await body(server, room)
        }
    }

    private let dan = Requester(userID: UserID(trusted: "@dan:example.org"), deviceID: "DAN")

    @Test func whomTheClientKnowsIsNotToldAgain() async throws {
        try await session { server, room in
            try await server.homeserver.rooms.join(room, content: [:], by: dan)
            var since = try await members(server, since: nil, in: room).next
            func said(_ filter: JSONObject = Self.lazy) async throws -> Set<String> {
                try await server.say("hello", in: room, by: dan)
                let (members, next) = try await members(server, since: since, in: room, filter)
                since = next
                return members
            }
            let name = dan.userID.string
            // Dan came last: the first sync had Dan's join as its timeline.
            _ = try await said()
            #expect(try await said() == [])
            #expect(try await said() == [])
            #expect(try await said(Self.redundant) == [name])
            // Who has changed is told of by the change.
            let renamed: JSONObject = ["membership": "join", "displayname": "Daniel"]
            _ = try await server.homeserver.rooms.setState(.member(dan.userID), renamed, in: room, by: dan)
            #expect(try await said() == [name])
            #expect(try await said() == [])
        }
    }

    @Test func whatGotLostIsToldAgain() async throws {
        try await session { server, room in
            try await server.homeserver.rooms.join(room, content: [:], by: dan)
            try await server.say("first", in: room, by: server.alice)
            let start = try await members(server, since: nil, in: room).next
            try await server.say("hello", in: room, by: dan)
            let lost = try await members(server, since: start, in: room)
            #expect(lost.members == [dan.userID.string])
            // The answer didn't arrive: the client comes with the token from before.
            try await server.say("hello", in: room, by: dan)
            let again = try await members(server, since: start, in: room)
            #expect(again.members == lost.members)
            try await server.say("hello", in: room, by: dan)
            let known = try await members(server, since: again.next, in: room)
            #expect(known.members == [])
            // A client that goes on from a state that it has saved knows no more than it knew then.
            #expect(try await members(server, since: start, in: room).members == lost.members)
            // One that begins anew knows nothing; nor does another device.
            let new = try await members(server, since: nil, in: room)
            #expect(new.members.isSuperset(of: [dan.userID.string, server.bob.userID.string]))
            let other = Requester(userID: server.bob.userID, deviceID: "OTHER")
            #expect(try await members(server, since: start, in: room, by: other).members == lost.members)
        }
    }
}
