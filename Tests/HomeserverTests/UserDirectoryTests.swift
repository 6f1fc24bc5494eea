import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "User Directory".
@Suite struct UserDirectoryTests {
    private func fixture() async throws -> RoomsFixture {
        let fixture = try await RoomsFixture()
        for (user, name) in [(fixture.alice, "Alice Liddell"), (fixture.bob, "Bob"), (fixture.carol, "Carol of the Bells")] {
            try await fixture.makeAccount(user.userID)
            try await fixture.profiles.set("displayname", to: .string(name), of: user.userID, by: user)
        }
        return fixture
    }

    private func found(_ term: String, by user: Requester, limit: Int = 10, _ fixture: RoomsFixture) throws -> [String] {
        let answer = try UserDirectory(rooms: fixture.rooms).search(term, limit: limit, by: user)
        return try #require(answer["results"]?.arrayValue).compactMap { $0["user_id"]?.stringValue }
    }

    @Test func whoSharesARoomIsFound() async throws {
        let fixture = try await fixture()
        let room = try await fixture.room(.privateChat) { $0.invite = [fixture.bob.userID] }
        #expect(try found("bob", by: fixture.alice, fixture) == [])
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        #expect(try found("bob", by: fixture.alice, fixture) == ["@bob:example.org"])
        #expect(try found("carol", by: fixture.alice, fixture) == [])
        #expect(try found("alice", by: fixture.carol, fixture) == [])
        try await fixture.rooms.leave(room, reason: nil, by: fixture.bob)
        #expect(try found("bob", by: fixture.alice, fixture) == [])
    }

    @Test func whoIsInAnOpenRoomIsFoundByEverybody() async throws {
        let fixture = try await fixture()
        let room = try await fixture.room(.publicChat)
        #expect(try found("liddell", by: fixture.carol, fixture) == ["@alice:example.org"])
        try await fixture.set("m.room.join_rules", ["join_rule": "invite"], in: room, by: fixture.alice)
        #expect(try found("liddell", by: fixture.carol, fixture) == [])
        try await fixture.set("m.room.history_visibility", ["history_visibility": "world_readable"], in: room, by: fixture.alice)
        #expect(try found("liddell", by: fixture.carol, fixture) == ["@alice:example.org"])
    }

    @Test(
        arguments: [
            ("bells", ["@carol:example.org"]), ("CAROL", ["@carol:example.org"]), ("bells carol", ["@carol:example.org"]),
            ("@carol:ex", ["@carol:example.org"]), ("bells alice", []), ("", []), ("   ", []), ("nobody", []),
            // The name itself comes before those that begin with it, and these before the rest.
            ("bob", ["@bob:example.org"]), ("ex", ["@alice:example.org", "@bob:example.org", "@carol:example.org"]),
            ("o", ["@alice:example.org", "@carol:example.org", "@bob:example.org"]),
        ] as [(String, [String])])
    func wordsAreFoundInNamesAndIDs(_ term: String, _ users: [String]) async throws {
        let fixture = try await fixture()
        _ = try await fixture.room(with: fixture.bob, fixture.carol)
        let found = try found(term, by: fixture.bob, fixture)
        #expect(term == "o" ? Set(found) == Set(users) : found == users)
    }

    @Test func theLimitIsKeptAndSaid() async throws {
        let fixture = try await fixture()
        _ = try await fixture.room(with: fixture.bob, fixture.carol)
        let directory = UserDirectory(rooms: fixture.rooms)
        let two = try directory.search("example", limit: 2, by: fixture.alice)
        #expect(two["results"]?.arrayValue?.count == 2 && two["limited"] == true)
        let three = try directory.search("example", limit: 3, by: fixture.alice)
        #expect(three["results"]?.arrayValue?.count == 3 && three["limited"] == false)
        await expect(.invalidParameter, 400) { try directory.search("example", limit: 0, by: fixture.alice) }
    }

    @Test func namesAndPicturesComeAlong() async throws {
        let fixture = try await fixture()
        _ = try await fixture.room(with: fixture.bob)
        try await fixture.profiles.set("avatar_url", to: "mxc://example.org/bob", of: fixture.bob.userID, by: fixture.bob)
        let answer = try UserDirectory(rooms: fixture.rooms).search("bob", limit: 10, by: fixture.alice)
        #expect(
            answer["results"] == [
                ["user_id": "@bob:example.org", "display_name": "Bob", "avatar_url": "mxc://example.org/bob"]
            ])
    }

    @Test(arguments: [AccountFlags.locked, .deactivated])
    func closedAccountsAreNotFound(_ flag: AccountFlags) async throws {
        let fixture = try await fixture()
        _ = try await fixture.room(with: fixture.bob)
        try await fixture.accounts.setFlag(flag, of: fixture.bob.userID, to: true)
        #expect(try found("bob", by: fixture.alice, fixture) == [])
    }
}

extension RoomsFixture {
    /// An account that no password opens.
    func makeAccount(_ user: UserID) async throws {
        try await accounts.database.commit { commit in
            commit.put(AccountsMaps.userIDToAccount, user, Account(passwordHash: nil, createdAt: commit.time, flags: []))
        }
    }
}
