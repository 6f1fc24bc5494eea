import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Guest Access": guests' accounts.
@Suite struct GuestAccountsTests {
    private func fixture() throws -> AccountsFixture {
        try AccountsFixture(AccountsSettings(requiresToken: false, allowsGuests: true))
    }

    @Test func aGuestGetsAnAccountWithoutAPassword() async throws {
        let fixture = try fixture()
        let login = try await fixture.accounts.registerGuest(on: LoginDevice(displayName: "Phone"))
        let guest = try fixture.requester(login)
        #expect(guest.isGuest && !guest.isAdmin)
        #expect(guest.userID == login.user)
        let device = try #require(login.device)
        #expect(try fixture.database.view().metadata(of: device.id, of: login.user)?.displayName == "Phone")
        await expect(.forbidden, 403) { try await fixture.logIn(String(login.user.localpart), password: "") }
        let other = try await fixture.accounts.registerGuest(on: LoginDevice())
        #expect(other.user != login.user)
    }

    @Test func guestsAreRefusedWhereTheyAreNotAllowed() async throws {
        let fixture = try AccountsFixture()
        await expect(.guestAccessForbidden, 403) { try await fixture.accounts.registerGuest(on: LoginDevice()) }
    }

    @Test func aGuestWhoIsLockedOrWhoseTokenIsOverDoesNotBecomeAUser() async throws {
        var settings = AccountsSettings(requiresToken: false, allowsGuests: true)
        settings.tokenLifetimes = TokenLifetimes(otherAccess: 1000)
        let fixture = try AccountsFixture(settings)
        for isLocked in [false, true] {
            let login = try await fixture.accounts.registerGuest(on: LoginDevice())
            let request = RegistrationRequest(
                username: String(login.user.localpart), password: AccountsFixture.password,
                guestAccessToken: try #require(login.device).accessToken, auth: ["type": "m.login.dummy"])
            if isLocked {
                try await fixture.database.setFlag(.locked, of: login.user, to: true)
            } else {
                fixture.clock.advance(by: 1000)
            }
            await expect(.forbidden, 403) { try await fixture.accounts.register(request) }
        }
    }

    @Test func aGuestBecomesAUser() async throws {
        let fixture = try fixture()
        let login = try await fixture.accounts.registerGuest(on: LoginDevice())
        let name = String(login.user.localpart)
        let token = try #require(login.device).accessToken
        let user = try await fixture.accounts.register(
            RegistrationRequest(
                username: name, password: AccountsFixture.password, guestAccessToken: token, auth: ["type": "m.login.dummy"]))
        #expect(user.user == login.user)
        #expect(try !fixture.requester(user).isGuest)
        // The guest's own login goes on, as a user's.
        #expect(try !fixture.requester(login).isGuest)
        #expect(try await fixture.logIn(name).user == login.user)
        // It was once.
        await expect(.forbidden, 403) {
            try await fixture.accounts.register(
                RegistrationRequest(username: name, password: "other", guestAccessToken: token, auth: ["type": "m.login.dummy"]))
        }
    }

    @Test func onlyTheGuestBecomesAUser() async throws {
        let fixture = try fixture()
        let login = try await fixture.accounts.registerGuest(on: LoginDevice())
        let token = try #require(login.device).accessToken
        let alice = try await fixture.accounts.register(
            RegistrationRequest(username: "alice", password: AccountsFixture.password, auth: ["type": "m.login.dummy"]))
        func register(_ name: String?, _ token: String) async throws -> Login {
            try await fixture.accounts.register(
                RegistrationRequest(username: name, password: "x", guestAccessToken: token, auth: ["type": "m.login.dummy"]))
        }
        let name = String(login.user.localpart)
        await expect(.missingParameter, 400) { try await register(nil, token) }
        await expect(.forbidden, 403) { try await register("other", token) }
        await expect(.forbidden, 403) { try await register(name, "wrong") }
        await expect(.forbidden, 403) { try await register("alice", try #require(alice.device).accessToken) }
        await expect(.userInUse, 400) {
            try await fixture.accounts.register(RegistrationRequest(username: name, password: "x", auth: ["type": "m.login.dummy"]))
        }
        #expect(try fixture.requester(login).isGuest)
    }
}

/// "Guest Access": guests in rooms.
@Suite struct GuestsInRoomsTests {
    private func guest(_ name: String, _ fixture: RoomsFixture) async throws -> Requester {
        let user = UserID(trusted: "@\(name):example.org")
        _ = try await fixture.accounts.createAccount(
            of: user, passwordHash: nil, flags: .guest, login: nil, ending: nil, beginning: { _ in IntentID(number: 1) })
        return Requester(userID: user, deviceID: "GUEST", isGuest: true)
    }

    private func setAccess(_ access: String, in room: RoomID, _ fixture: RoomsFixture) async throws {
        try await fixture.set("m.room.guest_access", ["guest_access": .string(access)], in: room, by: fixture.alice)
    }

    @Test func guestsJoinWhereTheyCan() async throws {
        let fixture = try await RoomsFixture()
        let guest = try await guest("guest", fixture)
        let room = try await fixture.room(.publicChat)
        func join() async throws { try await fixture.rooms.join(room, content: [:], by: guest) }
        await expect(.guestAccessForbidden, 403) { try await join() }
        await expect(.guestAccessForbidden, 403) {
            try await fixture.set("m.room.member", guest.userID.string, ["membership": "join"], in: room, by: guest)
        }
        try await setAccess("forbidden", in: room, fixture)
        await expect(.guestAccessForbidden, 403) { try await join() }
        // Nor does an invite help.
        try await fixture.rooms.invite(guest.userID, to: room, reason: nil, by: fixture.alice)
        await expect(.guestAccessForbidden, 403) { try await join() }
        try await setAccess("can_join", in: room, fixture)
        try await join()
        try await fixture.say("hello", in: room, by: guest)
        #expect(try fixture.messages(of: room, for: guest) == ["hello"])
        try await fixture.rooms.leave(room, reason: nil, by: guest)
    }

    @Test(arguments: [["guest_access": "forbidden"], [:], ["guest_access": 1]] as [JSONObject])
    func guestsAreRemovedWhenTheirAccessEnds(_ content: JSONObject) async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room(with: fixture.bob)
        try await setAccess("can_join", in: room, fixture)
        var guests: [Requester] = []
        // More than one step of the job.
        for index in 0..<105 {
            let guest = try await guest("guest\(index)", fixture)
            try await fixture.rooms.join(room, content: [:], by: guest)
            guests.append(guest)
        }
        try await fixture.set("m.room.guest_access", ["guest_access": "can_join", "org.example": 1], in: room, by: fixture.alice)
        #expect(try fixture.membership(of: guests[0], in: room) == "join")
        try await fixture.set("m.room.guest_access", content, in: room, by: fixture.alice)
        for guest in guests { #expect(try fixture.membership(of: guest, in: room) == "leave") }
        for user in [fixture.alice, fixture.bob] { #expect(try fixture.membership(of: user, in: room) == "join") }
    }

    @Test func guestsAreRemovedWhenTheirAccessIsRedacted() async throws {
        let fixture = try await RoomsFixture()
        let room = try await fixture.room()
        let event = try await fixture.set("m.room.guest_access", ["guest_access": "can_join"], in: room, by: fixture.alice)
        let guest = try await guest("guest", fixture)
        try await fixture.rooms.join(room, content: [:], by: guest)
        _ = try await fixture.rooms.redact(event, content: [:], in: room, transactionID: "1", by: fixture.alice)
        #expect(try fixture.membership(of: guest, in: room) == "leave")
    }

    @Test func guestsReadWhatEverybodyMayRead() async throws {
        let fixture = try await RoomsFixture()
        let guest = try await guest("guest", fixture)
        let room = try await fixture.room()
        let event = try await fixture.say("hello", in: room, by: fixture.alice)
        await expect(.forbidden, 403) { try fixture.rooms.state(of: room, for: guest) }
        await expect(.notFound, 404) { try fixture.event(event, in: room, for: guest) }
        try await fixture.set("m.room.history_visibility", ["history_visibility": "world_readable"], in: room, by: fixture.alice)
        let later = try await fixture.say("later", in: room, by: fixture.alice)
        #expect(try fixture.messages(of: room, for: guest) == ["later"])
        _ = try fixture.event(later, in: room, for: guest)
        _ = try fixture.rooms.state(of: room, for: guest)
    }

    @Test func guestsChangeTheirDisplayNameOnly() async throws {
        let fixture = try await RoomsFixture()
        let guest = try await guest("guest", fixture)
        try await fixture.profiles.set("displayname", to: "Guest", of: guest.userID, by: guest)
        try await fixture.profiles.set("displayname", to: nil, of: guest.userID, by: guest)
        await expect(.guestAccessForbidden, 403) {
            try await fixture.profiles.set("avatar_url", to: "mxc://x/y", of: guest.userID, by: guest)
        }
        await expect(.guestAccessForbidden, 403) { try await fixture.profiles.set("m.tz", to: nil, of: guest.userID, by: guest) }
    }
}
