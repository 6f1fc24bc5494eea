import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Account moderation" and "Server Administration".
@Suite struct AccountsModerationTests {
    private func admin(_ fixture: AccountsFixture, _ name: String = "admin") async throws -> Requester {
        let login = try await fixture.user(name)
        try await fixture.database.setFlag(.admin, of: login.user, to: true)
        return try fixture.requester(login)
    }

    @Test(arguments: [Accounts.Restriction.locked, .suspended])
    func anAdministratorImposesARestrictionAndTakesItBack(_ restriction: Accounts.Restriction) async throws {
        let fixture = try AccountsFixture()
        let admin = try await admin(fixture)
        let alice = try await fixture.user("alice")
        let phone = try await fixture.logIn("alice", device: LoginDevice(canRefresh: true))
        #expect(try !fixture.accounts.has(restriction, alice.user, by: admin))
        try await fixture.accounts.set(restriction, of: alice.user, to: true, by: admin)
        #expect(try fixture.accounts.has(restriction, alice.user, by: admin))
        for login in [alice, phone] {
            let requester = try fixture.requester(login)
            #expect(requester.isLocked == (restriction == .locked) && requester.isSuspended == (restriction == .suspended))
        }
        try await fixture.accounts.set(restriction, of: alice.user, to: false, by: admin)
        for login in [alice, phone] {
            let requester = try fixture.requester(login)
            #expect(!requester.isLocked && !requester.isSuspended)
        }
    }

    @Test func whoMayDoWhatToWhom() async throws {
        let fixture = try AccountsFixture()
        let admin = try await admin(fixture)
        let other = try await self.admin(fixture, "other")
        let alice = try fixture.requester(try await fixture.user("alice"))
        let bob = try await fixture.user("bob").user
        let remote = UserID(trusted: "@alice:elsewhere.example")
        let unknown = UserID(trusted: "@unknown:example.org")
        for restriction in [Accounts.Restriction.locked, .suspended] {
            // Who is no administrator learns nothing of who is here.
            for user in [bob, remote, unknown] {
                await expect(.forbidden, 403) { try fixture.accounts.has(restriction, user, by: alice) }
                await expect(.forbidden, 403) { try await fixture.accounts.set(restriction, of: user, to: true, by: alice) }
            }
            await expect(.invalidParameter, 400) { try fixture.accounts.has(restriction, remote, by: admin) }
            await expect(.notFound, 404) { try await fixture.accounts.set(restriction, of: unknown, to: true, by: admin) }
            await expect(.forbidden, 403) { try await fixture.accounts.set(restriction, of: admin.userID, to: true, by: admin) }
            await expect(.forbidden, 403) { try await fixture.accounts.set(restriction, of: other.userID, to: true, by: admin) }
        }
        try await fixture.accounts.deactivate(alice, isErased: false, auth: fixture.passwordAuth(alice.userID))
        await expect(.notFound, 404) { try fixture.accounts.has(.locked, alice.userID, by: admin) }
    }

    @Test func aLockedAccountGetsNoTokens() async throws {
        let fixture = try AccountsFixture()
        let admin = try await admin(fixture)
        let alice = try await fixture.user("alice")
        let phone = try await fixture.logIn("alice", device: LoginDevice(canRefresh: true))
        let refreshToken = try #require(phone.device?.tokens.refreshToken)
        let openID = try await fixture.accounts.makeOpenIDToken(for: alice.user, by: fixture.requester(alice)).token
        let loginToken = try await fixture.accounts.makeLoginToken(for: fixture.requester(alice), auth: fixture.passwordAuth(alice)).token
        try await fixture.accounts.set(.locked, of: alice.user, to: true, by: admin)
        await expect(.userLocked, 401) { try await fixture.logIn("alice") }
        await expect(.userLocked, 401) { try await fixture.accounts.refresh(refreshToken) }
        await expect(.userLocked, 401) { try await fixture.accounts.logIn(withToken: loginToken, on: LoginDevice()) }
        await expect(.unknownToken, 401) { try fixture.accounts.user(ofOpenIDToken: openID) }
        await expect(.forbidden, 403) { try await fixture.logIn("alice", password: "wrong") }
        #expect(MatrixError.userLocked.body["soft_logout"] == true)
        try await fixture.accounts.set(.locked, of: alice.user, to: false, by: admin)
        _ = try await fixture.accounts.refresh(refreshToken)
        _ = try await fixture.logIn("alice")
    }

    @Test func whoisTellsOfLogins() async throws {
        let fixture = try AccountsFixture()
        let admin = try await admin(fixture)
        let alice = try await fixture.user("alice")
        _ = try await fixture.logIn("alice", device: LoginDevice(id: "TABLET", address: "192.0.2.7"))
        let requester = try fixture.requester(alice)
        let own = try fixture.accounts.whois(alice.user, by: requester)
        #expect(own["user_id"]?.stringValue == alice.user.string)
        let session = try #require(own["devices"]?["TABLET", "sessions"]?.arrayValue?.first)
        let connection = try #require(session["connections"]?.arrayValue?.first)
        #expect(connection == ["ip": "192.0.2.7", "last_seen": .integer(fixture.clock.now())])
        #expect(try fixture.accounts.whois(alice.user, by: admin) == own)
        await expect(.forbidden, 403) { try fixture.accounts.whois(admin.userID, by: requester) }
        await expect(.notFound, 404) { try fixture.accounts.whois(UserID(trusted: "@unknown:example.org"), by: admin) }
    }
}

/// What users of suspended accounts can still do ("Account suspension").
@Suite struct SuspendedUsersTests {
    private func suspended(_ requester: Requester) -> Requester {
        Requester(userID: requester.userID, deviceID: requester.deviceID, isSuspended: true)
    }

    @Test func theyDoNothingThatOthersSee() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let other = try await fixture.room()
        let message = try await fixture.say("before", in: room, by: fixture.alice)
        let bob = suspended(fixture.bob)
        let rooms = fixture.rooms
        let attempts: [() async throws -> Void] = [
            { _ = try await fixture.say("no", in: room, by: bob) },
            { _ = try await fixture.set("m.room.topic", ["topic": "no"], in: room, by: bob) },
            { _ = try await rooms.create(CreateRoomRequest(), by: bob) },
            { try await rooms.join(other, content: [:], by: bob) },
            { _ = try await fixture.set("m.room.member", bob.userID.string, ["membership": "join"], in: other, by: bob) },
            { try await rooms.knock(on: other, reason: nil, by: bob) },
            { try await rooms.invite(fixture.carol.userID, to: room, reason: nil, by: bob) },
            { try await rooms.kick(fixture.alice.userID, from: room, reason: nil, by: bob) },
            { try await rooms.ban(fixture.alice.userID, from: room, reason: nil, by: bob) },
            { try await fixture.profiles.set("displayname", to: "No", of: bob.userID, by: bob) },
            { try await fixture.directory.setAlias(RoomAlias(trusted: "#no:example.org"), to: room, by: bob) },
            { _ = try await rooms.redact(message, content: [:], in: room, transactionID: "1", by: bob) },
        ]
        for attempt in attempts { await expect(.userSuspended, 403) { try await attempt() } }
        #expect(try fixture.messages(of: room, for: fixture.alice) == ["before"])
    }

    @Test func theyReadRedactTheirOwnAndLeave() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        let own = try await fixture.say("mine", in: room, by: fixture.bob)
        let bob = suspended(fixture.bob)
        #expect(try fixture.messages(of: room, for: bob) == ["mine"])
        _ = try await fixture.rooms.redact(own, content: [:], in: room, transactionID: "1", by: bob)
        let sent = try await fixture.say("mine too", in: room, by: fixture.bob)
        _ = try await fixture.rooms.send(
            "m.room.redaction", ["redacts": .string(sent.string)], to: room, transactionID: "2", by: bob)
        // Redacted messages have no body.
        #expect(try fixture.messages(of: room, for: fixture.alice) == ["m.room.message", "m.room.message"])
        try await fixture.rooms.leave(room, reason: nil, by: bob)
        #expect(try fixture.membership(of: bob, in: room) == "leave")
    }
}
