import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Rooms as they are seen from outside ("Room previews", "Spaces", "Mutual rooms").
@Suite struct RoomsPreviewsTests {
    // MARK: - Summaries

    @Test func aSummaryTellsOfARoom() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob) { request in
            request.name = "Kitchen"
            request.topic = "Cooking"
        }
        try await fixture.set("m.room.encryption", ["algorithm": "m.megolm.v1.aes-sha2"], in: room, by: fixture.alice)
        let summary = try fixture.rooms.summary(of: room, for: fixture.bob)
        #expect(summary["name"] == "Kitchen")
        #expect(summary["topic"] == "Cooking")
        #expect(summary["num_joined_members"] == 2)
        #expect(summary["join_rule"] == "public")
        #expect(summary["membership"] == "join")
        #expect(summary["encryption"] == "m.megolm.v1.aes-sha2")
        #expect(summary["room_version"]?.stringValue == RoomVersion.default.id)
        let stranger = try fixture.rooms.summary(of: room, for: nil)
        #expect(stranger["name"] == "Kitchen")
        #expect(stranger["membership"] == nil)
    }

    @Test func aPrivateRoomIsNotFound() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(.privateChat)
        #expect(throws: MatrixError.self) { try fixture.rooms.summary(of: room, for: fixture.bob) }
        #expect(throws: MatrixError.self) { try fixture.rooms.summary(of: room, for: nil) }
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice)
        #expect(try fixture.rooms.summary(of: room, for: fixture.bob)["membership"] == "invite")
        #expect(throws: MatrixError.self) { try fixture.rooms.summary(of: RoomID(trusted: "!unknown:example.org"), for: fixture.alice) }
    }

    @Test func aRestrictedRoomIsKnownToThoseWhoMayJoin() async throws {
        let fixture = try await RoomsFixture()
        let club = try await fixture.room(with: fixture.bob)
        let room = try await fixture.room(.privateChat)
        let rules: JSONObject = [
            "join_rule": "restricted", "allow": [["type": "m.room_membership", "room_id": .string(club.string)]],
        ]
        try await fixture.set("m.room.join_rules", rules, in: room, by: fixture.alice)
        #expect(try fixture.rooms.summary(of: room, for: fixture.bob)["allowed_room_ids"] == [.string(club.string)])
        #expect(throws: MatrixError.self) { try fixture.rooms.summary(of: room, for: fixture.carol) }
    }

    // MARK: - Mutual rooms

    @Test func mutualRooms() async throws {
        let fixture = try await RoomsFixture()
        let first = try await fixture.room(with: fixture.bob)
        _ = try await fixture.room()
        let second = try await fixture.room(with: fixture.bob)
        func page(_ from: String?, limit: Int) throws -> (rooms: [RoomID], count: Int, next: String?) {
            try fixture.rooms.mutualRooms(of: fixture.alice, and: fixture.bob.userID, from: from, limit: limit)
        }
        let all = try page(nil, limit: 10)
        #expect(all.rooms == [first, second])
        #expect(all.count == 2)
        #expect(all.next == nil)
        let one = try page(nil, limit: 1)
        #expect(one.rooms == [first])
        let two = try page(one.next, limit: 1)
        #expect(two.rooms == [second])
        #expect(two.next == nil)
        #expect(try fixture.rooms.mutualRooms(of: fixture.alice, and: UserID(trusted: "@nobody:x"), from: nil, limit: 10).rooms.isEmpty)
        #expect(throws: MatrixError.self) { try page("nonsense", limit: 1) }
    }

    // MARK: - Spaces

    private func space(_ fixture: RoomsFixture) async throws -> RoomID {
        try await fixture.room { $0.creationContent = ["type": "m.space"] }
    }

    private func add(
        _ child: RoomID, to space: RoomID, _ fixture: RoomsFixture, order: String? = nil, suggested: Bool? = nil,
        via: JSONValue = ["example.org"]
    ) async throws {
        fixture.clock.advance(by: 1)
        var content: JSONObject = ["via": via]
        if let order { content["order"] = .string(order) }
        if let suggested { content["suggested"] = .bool(suggested) }
        try await fixture.set("m.space.child", child.string, content, in: space, by: fixture.alice)
    }

    private func ids(_ answer: JSONObject) -> [String] {
        answer["rooms"]?.arrayValue?.compactMap { $0["room_id"]?.stringValue } ?? []
    }

    @Test func aSpaceIsToldOfDepthFirst() async throws {
        let fixture = try await RoomsFixture()
        let root = try await space(fixture)
        let inner = try await space(fixture)
        let rooms = [try await fixture.room(), try await fixture.room(), try await fixture.room()]
        try await add(rooms[2], to: root, fixture, order: "b")
        try await add(inner, to: root, fixture, order: "a")
        try await add(rooms[0], to: inner, fixture)
        try await add(rooms[1], to: inner, fixture)
        // A room that two spaces have is told of once, and a circle comes to an end.
        try await add(rooms[2], to: inner, fixture)
        try await add(root, to: inner, fixture)

        let all = try fixture.rooms.hierarchy(of: root, HierarchyRequest(), for: fixture.bob)
        let expected = [root, inner, rooms[0], rooms[1], rooms[2]].map(\.string)
        #expect(ids(all) == expected)
        #expect(all["next_batch"] == nil)
        let children = all["rooms"]?.arrayValue?.first?["children_state"]?.arrayValue
        #expect(children?.compactMap { $0["state_key"]?.stringValue } == [inner, rooms[2]].map(\.string))
        #expect(children?.first?["origin_server_ts"] != nil)
        #expect(all["rooms"]?.arrayValue?.first?["room_type"] == "m.space")

        var (paged, from): ([String], HierarchyPlace?) = ([], nil)
        repeat {
            let page = try fixture.rooms.hierarchy(of: root, HierarchyRequest(limit: 2, from: from), for: fixture.bob)
            paged += ids(page)
            from = page["next_batch"]?.stringValue.flatMap(HierarchyPlace.init)
        } while from != nil
        #expect(paged == expected)
    }

    @Test func depthAndSuggestionNarrowASpace() async throws {
        let fixture = try await RoomsFixture()
        let root = try await space(fixture)
        let inner = try await space(fixture)
        let (suggested, deep) = (try await fixture.room(), try await fixture.room())
        try await add(inner, to: root, fixture)
        try await add(suggested, to: root, fixture, suggested: true)
        try await add(deep, to: inner, fixture)
        let flat = HierarchyRequest(maxDepth: 1)
        #expect(ids(try fixture.rooms.hierarchy(of: root, flat, for: fixture.alice)) == [root, inner, suggested].map(\.string))
        let only = HierarchyRequest(suggestedOnly: true)
        #expect(ids(try fixture.rooms.hierarchy(of: root, only, for: fixture.alice)) == [root, suggested].map(\.string))
        #expect(ids(try fixture.rooms.hierarchy(of: root, HierarchyRequest(maxDepth: 0), for: fixture.alice)) == [root.string])

        let first = try fixture.rooms.hierarchy(of: root, HierarchyRequest(limit: 1), for: fixture.alice)
        let place = try #require(first["next_batch"]?.stringValue.flatMap(HierarchyPlace.init))
        #expect(throws: MatrixError.self) {
            try fixture.rooms.hierarchy(of: root, HierarchyRequest(suggestedOnly: true, from: place), for: fixture.alice)
        }
    }

    @Test func whatIsHiddenIsLeftOut() async throws {
        let fixture = try await RoomsFixture()
        let root = try await space(fixture)
        let hidden = try await fixture.room(.privateChat)
        let gone = try await fixture.room()
        try await add(hidden, to: root, fixture)
        try await add(gone, to: root, fixture, via: [])
        try await add(RoomID(trusted: "!elsewhere:example.org"), to: root, fixture)
        #expect(ids(try fixture.rooms.hierarchy(of: root, HierarchyRequest(), for: fixture.bob)) == [root.string])
        #expect(ids(try fixture.rooms.hierarchy(of: root, HierarchyRequest(), for: fixture.alice)) == [root, hidden].map(\.string))
        #expect(throws: MatrixError.self) { try fixture.rooms.hierarchy(of: hidden, HierarchyRequest(), for: fixture.bob) }
    }
}
