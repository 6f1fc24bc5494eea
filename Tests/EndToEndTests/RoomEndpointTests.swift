import CanonicalJSON
import Testing

/// What the endpoints of rooms answer that no other suite asks.
@Suite(.fewAtATime) struct RoomEndpointTests {
    private static let v1 = "/_matrix/client/v1"

    @Test func relationsAndThreads() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let root = try await alice.send("root", to: room)
        let reply: JSONValue = ["msgtype": "m.text", "body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": "\(root)"]]
        try await alice.put("rooms", room, "send", "m.room.message", unique("t"), body: reply).ok()
        for path in [["relations", root], ["relations", root, "m.thread"], ["relations", root, "m.thread", "m.room.message"]] {
            let target = "\(Self.v1)/rooms/\(MatrixTestClient.encoded(room))/\(path.joined(separator: "/"))"
            #expect(try await alice.request("GET", target).ok()["chunk"]?.arrayValue?.messageBodies == ["reply"])
        }
        let threads = try await alice.get("rooms", room, "threads", query: [("include", "participated")], api: Self.v1).ok()
        #expect(threads["chunk"]?.arrayValue?.eventIDs == [root])
        let context = try await alice.get("rooms", room, "context", root, query: [("limit", "2")]).ok()
        #expect(context["event", "unsigned", "membership"] == "join")
        #expect(context["events_after"]?.arrayValue?.messageBodies == ["reply"])
    }

    @Test func search() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("a needle in the hay", to: room)
        let categories: JSONValue = ["search_categories": ["room_events": ["search_term": "needle"]]]
        let found = try await alice.post("search", body: categories).ok()["search_categories", "room_events"]
        #expect(found?["results"]?.arrayValue?.compactMap { $0["result"] }.eventIDs == [event])
        #expect(found?["count"] == 1)
    }

    @Test func spacesSummariesAndMutualRooms() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let space = try await alice.createRoom(["creation_content": ["type": "m.space"], "preset": "public_chat", "name": "Space"])
        let room = try await alice.createRoom(with: bob)
        try await alice.setState("m.space.child", room, in: space, to: ["via": ["localhost"]])
        let rooms = try await bob.get("rooms", space, "hierarchy", api: Self.v1).ok()["rooms"]?.arrayValue
        #expect(rooms?.compactMap { $0["room_id"]?.stringValue } == [space, room])
        #expect(try await anybody().get("room_summary", space, api: Self.v1).ok()["name"] == "Space")
        #expect(try await bob.get("mutual_rooms", query: [("user_id", alice.userID)], api: Self.v1).ok()["joined"]?.strings == [room])
    }

    @Test func knocking() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let rules: JSONValue = ["type": "m.room.join_rules", "content": ["join_rule": "knock"]]
        let room = try await alice.createRoom(["initial_state": [rules]])
        #expect(try await bob.post("knock", room, body: ["reason": "please"]).ok()["room_id"]?.stringValue == room)
        #expect(try await alice.membership(of: bob, in: room) == "knock")
    }

    @Test func upgrades() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await bob.put("user", bob.userID, "rooms", room, "tags", "m.favourite", body: ["order": 0.5]).ok()
        let answer = try await alice.post("rooms", room, "upgrade", body: ["new_version": "11"]).ok()
        let successor = try #require(answer["replacement_room"]?.stringValue)
        #expect(try await bob.state("m.room.tombstone", in: room)?["replacement_room"]?.stringValue == successor)
        try await bob.join(successor)
        #expect(try await bob.get("user", bob.userID, "rooms", successor, "tags").ok()["tags", "m.favourite"] != nil)
    }

    @Test func eventsByTime() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("now", to: room)
        let query = [("ts", "9999999999999"), ("dir", "b")]
        let found = try await alice.get("rooms", room, "timestamp_to_event", query: query, api: Self.v1).ok()
        #expect(found["event_id"]?.stringValue == event)
    }

    @Test func membersByMembershipAndMoment() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let before = try #require(try await alice.messages(in: room, limit: 1).body["start"]?.stringValue)
        try await bob.leave(room)
        func members(_ query: (String, String)...) async throws -> Set<String> {
            let chunk = try await alice.get("rooms", room, "members", query: query).ok()["chunk"]?.arrayValue ?? []
            return Set(chunk.compactMap { $0["state_key"]?.stringValue })
        }
        #expect(try await members() == [alice.userID, bob.userID])
        #expect(try await members(("membership", "join")) == [alice.userID])
        #expect(try await members(("not_membership", "join")) == [bob.userID])
        #expect(try await members(("membership", "join"), ("at", before)) == [alice.userID, bob.userID])
    }
}
