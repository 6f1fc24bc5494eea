import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Profiles": fields, and the rooms that show them.
@Suite struct ProfilesTests {
    private func profile(_ fixture: RoomsFixture, of user: Requester) throws -> JSONObject {
        try fixture.profiles.profile(of: user.userID)
    }

    @Test(
        arguments: [
            ("displayname", "Alice 🫖"), ("avatar_url", "mxc://example.org/alice"), ("xyz.amorgan.blurhash", "LKO2?U%2Tw=w]~RBVZRi"),
            ("m.tz", "Europe/Paris"), ("org.example.field", ["any": ["value", 1]]), ("org.example.null", .null),
        ] as [(String, JSONValue)])
    func fieldsAreSetAndTakenAway(_ field: String, _ value: JSONValue) async throws {
        let fixture = try await RoomsFixture()
        let user = fixture.alice.userID
        try await fixture.profiles.set("org.example.other", to: 1, of: user, by: fixture.alice)
        try await fixture.profiles.set(field, to: value, of: user, by: fixture.alice)
        #expect(try profile(fixture, of: fixture.alice) == [field: value, "org.example.other": 1])
        for _ in 0..<2 {
            try await fixture.profiles.set(field, to: nil, of: user, by: fixture.alice)
            #expect(try profile(fixture, of: fixture.alice) == ["org.example.other": 1])
        }
        await expect(.notFound, 404) { try profile(fixture, of: fixture.bob) }
    }

    @Test func anEmptyNameIsNone() async throws {
        let fixture = try await RoomsFixture()
        try await fixture.profiles.set("displayname", to: "alice", of: fixture.alice.userID, by: fixture.alice)
        #expect(try profile(fixture, of: fixture.alice) == ["displayname": "alice"])
        try await fixture.profiles.set("displayname", to: "", of: fixture.alice.userID, by: fixture.alice)
        await expect(.notFound, 404) { try profile(fixture, of: fixture.alice) }
    }

    @Test func aNameHasNoWhiteSpaceAtItsEnds() async throws {
        let fixture = try await RoomsFixture()
        try await fixture.profiles.set("displayname", to: "  Alice in\tWonderland \n", of: fixture.alice.userID, by: fixture.alice)
        #expect(try profile(fixture, of: fixture.alice) == ["displayname": "Alice in\tWonderland"])
        try await fixture.profiles.set("displayname", to: " \u{a0}\t", of: fixture.alice.userID, by: fixture.alice)
        await expect(.notFound, 404) { try profile(fixture, of: fixture.alice) }
    }

    @Test func whoHasNoProfile() async throws {
        let fixture = try await RoomsFixture()
        await expect(.notFound, 404) { try fixture.profiles.profile(of: fixture.alice.userID) }
        await expect(.notFound, 404) {
            try fixture.profiles.profile(of: UserID(trusted: "@dave:elsewhere.example"))
        }
        await expect(.forbidden, 403) {
            try await fixture.profiles.set("displayname", to: "Mallory", of: fixture.alice.userID, by: fixture.bob)
        }
    }

    @Test(
        arguments: [
            ("displayname", 1, .badJSON), ("avatar_url", ["mxc://example.org/a"], .badJSON), ("displayname", .null, .badJSON),
            ("xyz.amorgan.blurhash", 1, .badJSON), ("org.example.float", 1.5, .badJSON), ("", 1, .invalidParameter),
            ("Upper", 1, .invalidParameter), ("with space", 1, .invalidParameter), ("1st", 1, .invalidParameter),
            (String(repeating: "a", count: 256), 1, .keyTooLarge),
            ("displayname", .string(String(repeating: "🫖", count: 257)), .badJSON),
            ("avatar_url", .string("mxc://" + String(repeating: "a", count: 995)), .badJSON),
            ("org.example.large", .string(String(repeating: "x", count: 65_536)), .profileTooLarge),
        ] as [(String, JSONValue, MatrixError.Code)])
    func wrongFields(_ field: String, _ value: JSONValue, _ code: MatrixError.Code) async throws {
        let fixture = try await RoomsFixture()
        await expect(code, 400) { try await fixture.profiles.set(field, to: value, of: fixture.alice.userID, by: fixture.alice) }
        await expect(.notFound, 404) { try profile(fixture, of: fixture.alice) }
    }

    @Test func aProfileHasALimitAsAWhole() async throws {
        let fixture = try await RoomsFixture()
        let half = JSONValue.string(String(repeating: "x", count: 40_000))
        try await fixture.profiles.set("org.example.one", to: half, of: fixture.alice.userID, by: fixture.alice)
        await expect(.profileTooLarge, 400) {
            try await fixture.profiles.set("org.example.two", to: half, of: fixture.alice.userID, by: fixture.alice)
        }
        // What takes the place of something doesn't count twice.
        try await fixture.profiles.set("org.example.one", to: .string("y"), of: fixture.alice.userID, by: fixture.alice)
        try await fixture.profiles.set("org.example.two", to: half, of: fixture.alice.userID, by: fixture.alice)
    }

    // MARK: - Rooms

    private func member(_ user: Requester, _ fixture: RoomsFixture, _ room: RoomID) throws -> JSONValue? {
        try fixture.content("m.room.member", user.userID.string, of: room, for: fixture.alice)
    }

    @Test func allRoomsShowANewName() async throws {
        let fixture = try await RoomsFixture()
        let bob = fixture.bob
        var rooms: [RoomID] = []
        for number in 0..<23 { rooms.append(try await fixture.room(version: number % 2 == 0 ? .v12 : .v10, with: bob)) }
        let left = try await fixture.room(with: bob)
        try await fixture.rooms.leave(left, reason: nil, by: bob)
        let invited = try await fixture.room(.privateChat) { $0.invite = [bob.userID] }

        try await fixture.profiles.set("displayname", to: "Bob", of: bob.userID, by: bob)
        try await fixture.profiles.set("avatar_url", to: "mxc://example.org/bob", of: bob.userID, by: bob)
        for room in rooms {
            let content: JSONValue = ["membership": "join", "displayname": "Bob", "avatar_url": "mxc://example.org/bob"]
            #expect(try member(bob, fixture, room) == content)
        }
        #expect(try member(bob, fixture, left) == ["membership": "leave"])
        #expect(try member(bob, fixture, invited) == ["membership": "invite"])
        try await fixture.profiles.set("displayname", to: nil, of: bob.userID, by: bob)
        for room in rooms { #expect(try member(bob, fixture, room) == ["membership": "join", "avatar_url": "mxc://example.org/bob"]) }
    }

    @Test func theLongestNameAndAvatar() async throws {
        let fixture = try await RoomsFixture()
        let fields: JSONObject = [
            "displayname": .string(String(repeating: "🫖", count: 256)),
            "avatar_url": .string("mxc://" + String(repeating: "a", count: 994)),
        ]
        for (field, value) in fields { try await fixture.profiles.set(field, to: value, of: fixture.alice.userID, by: fixture.alice) }
        #expect(try profile(fixture, of: fixture.alice) == fields)
    }

    @Test func whatIsRightAlreadyStays() async throws {
        let fixture = try await RoomsFixture()
        let bob = fixture.bob
        let (behind, right) = (try await fixture.room(with: bob), try await fixture.room(with: bob))
        try await fixture.profiles.set("displayname", to: "Bob", of: bob.userID, by: bob)
        try await fixture.set(
            "m.room.member", bob.userID.string, ["membership": "join", "displayname": "Robert"], in: right, by: bob)
        let newest = try fixture.page(of: right, MessagesRequest(isBackward: true, limit: 1), for: bob).answer["chunk"]
        try await fixture.profiles.set("displayname", to: "Robert", of: bob.userID, by: bob)
        #expect(try member(bob, fixture, behind)?["displayname"] == "Robert")
        #expect(try fixture.page(of: right, MessagesRequest(isBackward: true, limit: 1), for: bob).answer["chunk"] == newest)
        // Where the profile has the name already, nothing happens.
        let before = fixture.database.snapshot().position
        try await fixture.profiles.set("displayname", to: "Robert", of: bob.userID, by: bob)
        #expect(fixture.database.snapshot().position == before)
    }

    /// The server may stop between the commit that changes the profile and those that tell the rooms.
    @Test func theRoomsAreToldAfterARestart() async throws {
        let fixture = try await RoomsFixture()
        let bob = fixture.bob
        var rooms: [RoomID] = []
        for _ in 0..<23 { rooms.append(try await fixture.room(with: bob)) }
        await fixture.jobs.stop()
        await #expect(throws: StoreError.self) { try await fixture.profiles.set("displayname", to: "Bob", of: bob.userID, by: bob) }
        for room in rooms { #expect(try member(bob, fixture, room) == ["membership": "join"]) }

        let resumed = fixture.makeJobs()
        let left = try resumed.all()
        #expect(left.map(\.job.total) == [23])
        try resumed.resume()
        for status in left { try await resumed.wait(for: status.id) }
        for room in rooms { #expect(try member(bob, fixture, room)?["displayname"] == "Bob") }
        #expect(try resumed.all().isEmpty)
        await resumed.stop()
    }

    @Test func otherFieldsAreNoBusinessOfRooms() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let before = fixture.database.snapshot().position
        try await fixture.profiles.set("m.tz", to: "Europe/Paris", of: fixture.bob.userID, by: fixture.bob)
        #expect(fixture.database.snapshot().position == before)
        #expect(try member(fixture.bob, fixture, room) == ["membership": "join"])
    }

    /// What a room can't take doesn't keep the others from learning of it.
    @Test func aRoomThatCannotShowTheNameKeepsTheOldOne() async throws {
        let fixture = try await RoomsFixture()
        let bob = fixture.bob
        let (first, full, last) = (try await fixture.room(), try await fixture.room(), try await fixture.room())
        let large = JSONValue.string(String(repeating: "x", count: 64_300))
        for room in [first, full, last] {
            try await fixture.rooms.join(room, content: room == full ? ["org.example": large] : [:], by: bob)
        }
        let name = JSONValue.string(String(repeating: "🫖", count: 256))
        try await fixture.profiles.set("displayname", to: name, of: bob.userID, by: bob)
        for room in [first, last] { #expect(try member(bob, fixture, room)?["displayname"] == name) }
        #expect(try member(bob, fixture, full) == ["membership": "join", "org.example": large])
    }
}
