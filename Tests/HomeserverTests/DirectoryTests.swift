import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Room aliases" and "Published room directory".
@Suite struct DirectoryTests {
    private let pub = RoomAlias(trusted: "#pub:example.org")
    private let bar = RoomAlias(trusted: "#bar:example.org")
    private let unknownRoom = RoomID(trusted: "!unknown:example.org")

    // MARK: - Aliases

    @Test func anAliasIsMadeResolvedListedAndDeleted() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        await expect(.notFound, 404) { try fixture.directory.resolve(pub) }
        try await fixture.directory.setAlias(pub, to: room, by: fixture.alice)
        let found = try fixture.directory.resolve(pub)
        #expect(found.room == room && found.servers.map(\.string) == ["example.org"])
        #expect(try fixture.directory.aliases(of: room, for: fixture.alice) == [pub])
        await expect(.unknown, 409) { try await fixture.directory.setAlias(pub, to: room, by: fixture.alice) }
        try await fixture.directory.deleteAlias(pub, by: fixture.alice)
        await expect(.notFound, 404) { try fixture.directory.resolve(pub) }
        await expect(.notFound, 404) { try await fixture.directory.deleteAlias(pub, by: fixture.alice) }
        #expect(try fixture.directory.aliases(of: room, for: fixture.alice).isEmpty)
    }

    @Test func whatIsNoAliasOfThisServer() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        for alias in ["#pub:elsewhere.example", "#:example.org", "#with space:example.org", "#with\u{2003}space:example.org"] {
            await expect(.invalidParameter, 400) {
                try await fixture.directory.setAlias(RoomAlias(trusted: alias), to: room, by: fixture.alice)
            }
        }
        await expect(.notFound, 404) { try await fixture.directory.setAlias(pub, to: unknownRoom, by: fixture.alice) }
        await expect(.forbidden, 403) { try await fixture.directory.setAlias(pub, to: room, by: fixture.bob) }
    }

    @Test func whoMayDeleteAndList() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        try await fixture.directory.setAlias(pub, to: room, by: fixture.alice)
        try await fixture.directory.setAlias(bar, to: room, by: fixture.bob)
        await expect(.forbidden, 403) { try await fixture.directory.deleteAlias(pub, by: fixture.bob) }
        await expect(.forbidden, 403) { try await fixture.directory.deleteAlias(pub, by: fixture.carol) }
        await expect(.forbidden, 403) { try fixture.directory.aliases(of: room, for: fixture.carol) }
        // Who may set the canonical alias deletes others', and an administrator may.
        try await fixture.directory.deleteAlias(bar, by: fixture.alice)
        try await fixture.directory.deleteAlias(pub, by: Requester(userID: fixture.carol.userID, deviceID: nil, isAdmin: true))
    }

    @Test func aDeletedAliasLeavesTheCanonicalAlias() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room { $0.aliasLocalpart = "pub" }
        try await fixture.directory.setAlias(bar, to: room, by: fixture.alice)
        try await fixture.set(
            "m.room.canonical_alias", ["alias": "#pub:example.org", "alt_aliases": ["#bar:example.org"], "org.example": 1], in: room,
            by: fixture.alice)
        try await fixture.directory.deleteAlias(bar, by: fixture.alice)
        #expect(
            try fixture.content("m.room.canonical_alias", of: room, for: fixture.alice)
                == ["alias": "#pub:example.org", "org.example": 1])
        try await fixture.directory.deleteAlias(pub, by: fixture.alice)
        #expect(try fixture.content("m.room.canonical_alias", of: room, for: fixture.alice) == ["org.example": 1])
    }

    @Test func deletingSucceedsWithoutPowerOverTheCanonicalAlias() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        try await fixture.directory.setAlias(bar, to: room, by: fixture.bob)
        try await fixture.set("m.room.canonical_alias", ["alias": "#bar:example.org"], in: room, by: fixture.alice)
        try await fixture.directory.deleteAlias(bar, by: fixture.bob)
        await expect(.notFound, 404) { try fixture.directory.resolve(bar) }
        #expect(try fixture.content("m.room.canonical_alias", of: room, for: fixture.alice) == ["alias": "#bar:example.org"])
    }

    // MARK: - The directory

    @Test func whoListsARoom() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        #expect(try !fixture.directory.isPublic(room))
        await expect(.forbidden, 403) { try await fixture.directory.setPublic(true, room, by: fixture.bob) }
        await expect(.forbidden, 403) { try await fixture.directory.setPublic(true, room, by: fixture.carol) }
        try await fixture.directory.setPublic(true, room, by: fixture.alice)
        #expect(try fixture.directory.isPublic(room))
        try await fixture.directory.setPublic(false, room, by: fixture.alice)
        #expect(try !fixture.directory.isPublic(room))
        await expect(.notFound, 404) { try fixture.directory.isPublic(unknownRoom) }
        await expect(.notFound, 404) { try await fixture.directory.setPublic(true, unknownRoom, by: fixture.alice) }
    }

    @Test func aRoomsEntry() async throws {
        let fixture = try await RoomsFixture()
        let plain = try await fixture.room(.privateChat) {
            $0.visibility = .public
            $0.initialState = [(.joinRules, ["join_rule": "knock"])]
        }
        let room = try await fixture.room(with: fixture.bob) {
            $0.visibility = .public
            $0.name = "The Pub"
            $0.topic = "Beer"
            $0.aliasLocalpart = "pub"
            $0.creationContent = ["type": "m.space"]
            $0.initialState = [
                (.avatar, ["url": "mxc://example.org/pub"]), (.historyVisibility, ["history_visibility": "world_readable"]),
                (.guestAccess, ["guest_access": "can_join"]),
            ]
        }
        let answer = try fixture.directory.publicRooms(PublicRoomsRequest(), of: nil)
        #expect(answer["total_room_count_estimate"] == 2)
        #expect(
            answer["chunk"] == [
                [
                    "room_id": .string(room.string), "num_joined_members": 2, "world_readable": true, "guest_can_join": true,
                    "join_rule": "public", "room_type": "m.space", "name": "The Pub", "topic": "Beer",
                    "avatar_url": "mxc://example.org/pub", "canonical_alias": "#pub:example.org",
                ],
                [
                    "room_id": .string(plain.string), "num_joined_members": 1, "world_readable": false, "guest_can_join": true,
                    "join_rule": "knock",
                ],
            ])
    }

    /// Who looks for a room wants to come in, to knock, or to read.
    @Test func roomsThatStrangersCanDoNothingWithAreLeftOut() async throws {
        let fixture = try await RoomsFixture()
        func room(_ joinRule: JSONValue, _ visibility: JSONValue = "shared") async throws -> RoomID {
            try await fixture.room(.privateChat) {
                $0.visibility = .public
                $0.initialState = [(.joinRules, ["join_rule": joinRule]), (.historyVisibility, ["history_visibility": visibility])]
            }
        }
        for rule in ["invite", "private", "restricted"] as [JSONValue] { _ = try await room(rule) }
        let listed = [
            try await room("public"), try await room("knock"), try await room("knock_restricted"),
            try await room("invite", "world_readable"),
        ]
        let empty = try await room("public")
        try await fixture.rooms.leave(empty, reason: nil, by: fixture.alice)
        let answer = try fixture.directory.publicRooms(PublicRoomsRequest(), of: nil)
        #expect(answer["chunk"]?.arrayValue?.map { $0["room_id"] } == listed.map { .string($0.string) })
        // A page goes past the rooms that are left out, both ways.
        let first = try fixture.directory.publicRooms(PublicRoomsRequest(limit: 1), of: nil)
        #expect(first["chunk"]?.arrayValue?.map { $0["room_id"] } == [.string(listed[0].string)])
        let second = try fixture.directory.publicRooms(PublicRoomsRequest(limit: 1, since: first["next_batch"]?.stringValue), of: nil)
        #expect(second["chunk"]?.arrayValue?.map { $0["room_id"] } == [.string(listed[1].string)])
        let back = try fixture.directory.publicRooms(PublicRoomsRequest(limit: 1, since: second["prev_batch"]?.stringValue), of: nil)
        #expect(back["chunk"] == first["chunk"])
    }

    @Test func aPageHasALimitOfItsOwn() async throws {
        let fixture = try await RoomsFixture()
        for _ in 0...Directory.roomsPerPageMax { _ = try await fixture.room { $0.visibility = .public } }
        for limit in [nil, Directory.roomsPerPageMax + 1, .max] {
            let answer = try fixture.directory.publicRooms(PublicRoomsRequest(limit: limit), of: nil)
            #expect(answer["chunk"]?.arrayValue?.count == Directory.roomsPerPageMax)
            #expect(answer["total_room_count_estimate"] == .integer(Int64(Directory.roomsPerPageMax + 1)))
            let next = try #require(answer["next_batch"]?.stringValue)
            let rest = try fixture.directory.publicRooms(PublicRoomsRequest(limit: limit, since: next), of: nil)
            #expect(rest["chunk"]?.arrayValue?.count == 1 && rest["next_batch"] == nil)
        }
    }

    /// Members of wrong types in a room's state don't reach whoever looks through the directory.
    @Test func malformedStateIsLeftOut() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room {
            $0.visibility = .public
            $0.initialState = [(.historyVisibility, ["history_visibility": "world_readable"])]
        }
        for (type, content) in [
            ("m.room.name", ["name": 1]), ("m.room.topic", ["topic": ["a"]]), ("m.room.avatar", ["url": [:]]),
            ("m.room.join_rules", ["join_rule": 1]),
        ] as [(String, JSONObject)] {
            try await fixture.set(type, content, in: room, by: fixture.alice)
        }
        let entry = try fixture.directory.publicRooms(PublicRoomsRequest(), of: nil)["chunk"]?.arrayValue?.first
        #expect(Set(entry?.objectValue?.keys ?? []) == ["room_id", "num_joined_members", "world_readable", "guest_can_join", "join_rule"])
        #expect(entry?["join_rule"] == "invite")
    }

    @Test func theLargestRoomsComeFirstPageByPage() async throws {
        let fixture = try await RoomsFixture()
        var rooms: [RoomID] = []
        for _ in 0..<5 { rooms.append(try await fixture.room { $0.visibility = .public }) }
        try await fixture.rooms.join(rooms[3], content: [:], by: fixture.bob)
        var (found, pages, since): ([String], [JSONObject], String?) = ([], [], nil)
        repeat {
            let page = try fixture.directory.publicRooms(PublicRoomsRequest(limit: 2, since: since), of: nil)
            found += page["chunk"]?.arrayValue?.compactMap { $0["room_id"]?.stringValue } ?? []
            pages.append(page)
            since = page["next_batch"]?.stringValue
        } while since != nil
        #expect(found.first == rooms[3].string)
        #expect(found.count == 5 && Set(found) == Set(rooms.map(\.string)))
        #expect(pages.count == 3 && pages[0]["prev_batch"] == nil)
        let back = try #require(pages[1]["prev_batch"]?.stringValue)
        #expect(try fixture.directory.publicRooms(PublicRoomsRequest(limit: 2, since: back), of: nil)["chunk"] == pages[0]["chunk"])
        #expect(try fixture.directory.publicRooms(PublicRoomsRequest(limit: 0), of: nil)["chunk"] == [])
        for wrong in ["token", "-1", "n", "n1", "n1_", "n1_-1", "x1_1", "n1_1_1"] {
            await expect(.invalidParameter, 400) { try fixture.directory.publicRooms(PublicRoomsRequest(since: wrong), of: nil) }
        }
    }

    @Test func searching() async throws {
        let fixture = try await RoomsFixture()
        let byName = try await fixture.room {
            $0.visibility = .public
            $0.name = "A Wörd in the name"
        }
        let byTopic = try await fixture.room {
            $0.visibility = .public
            $0.topic = "A wörd in the topic"
            $0.creationContent = ["type": "m.space"]
        }
        _ = try await fixture.room { $0.name = "A Wörd that is not listed" }
        func search(_ term: String?, _ types: [String?]? = nil) throws -> Set<String> {
            let answer = try fixture.directory.publicRooms(PublicRoomsRequest(searchTerm: term, roomTypes: types), of: nil)
            return Set(answer["chunk"]?.arrayValue?.compactMap { $0["room_id"]?.stringValue } ?? [])
        }
        #expect(try search("WÖRD") == [byName.string, byTopic.string])
        #expect(try search("wörd in the n") == [byName.string])
        #expect(try search("nowhere").isEmpty)
        #expect(try search("") == [byName.string, byTopic.string])
        #expect(try search("wörd", ["m.space"]) == [byTopic.string])
        #expect(try search(nil, [nil]) == [byName.string])
        #expect(try search(nil, [nil, "m.space"]) == [byName.string, byTopic.string])
        #expect(try search(nil, []).isEmpty)
    }

    @Test func directoriesOfOtherServers() async throws {
        let fixture = try await RoomsFixture()
        let own = try fixture.directory.publicRooms(PublicRoomsRequest(), of: ServerName(trusted: "example.org"))
        #expect(own["chunk"] == [])
        await expect(.notFound, 404) {
            try fixture.directory.publicRooms(PublicRoomsRequest(), of: ServerName(trusted: "elsewhere.example"))
        }
    }
}
