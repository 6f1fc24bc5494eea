import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport
import Testing

@testable import AccountsDatabase

/// "Account deactivation".
@Suite struct AccountsDeactivationTests {
    private func deactivate(_ fixture: AccountsFixture, _ login: Login, isErased: Bool = false) async throws {
        let requester = try fixture.requester(login)
        let required = try #require(await fixture.accounts.challenge { try await $0.deactivate(requester, isErased: isErased, auth: nil) })
        #expect(required.flows == [["m.login.password"]])
        try await fixture.accounts.deactivate(
            requester, isErased: isErased, auth: required.auth("m.login.password", fixture.credentials(login)))
    }

    @Test func allLoginsEndAndTheNameStaysTaken() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let phone = try await fixture.logIn("alice", device: LoginDevice(canRefresh: true))
        let bob = try await fixture.user("bob")
        let refreshToken = try #require(phone.device?.tokens.refreshToken)
        let openID = try await fixture.accounts.makeOpenIDToken(for: alice.user, by: fixture.requester(alice)).token
        try await deactivate(fixture, alice)
        #expect(!fixture.isLoggedIn(alice) && !fixture.isLoggedIn(phone))
        #expect(fixture.isLoggedIn(bob))
        await expect(.unknownToken, 401) { try await fixture.accounts.refresh(refreshToken) }
        await expect(.unknownToken, 401) { try fixture.accounts.user(ofOpenIDToken: openID) }
        await expect(.userDeactivated, 403) { try await fixture.logIn("alice") }
        await expect(.userInUse, 400) { try fixture.accounts.checkAvailability(ofUsername: "alice") }
    }

    /// "This must be `success` if the homeserver has no identifiers to unbind for the user."
    @Test func onlyWhoWasBoundByAnIdentityServerStaysKnownThere() async throws {
        let fixture = try AccountsFixture(outgoingHTTP: IdentityServerDouble())
        let (alice, bob) = (try await fixture.user("alice"), try await fixture.user("bob"))
        for _ in 0..<2 {
            try await fixture.accounts.bind(
                "sid", clientSecret: "secret", at: IdentityServerDouble.name, accessToken: "abc123", to: fixture.requester(alice))
        }
        #expect(fixture.isLoggedIn(alice))
        for (login, isBound) in [(alice, true), (bob, false)] {
            let auth = fixture.passwordAuth(login)
            let isStillKnown = try await fixture.accounts.deactivate(fixture.requester(login), isErased: false, auth: auth)
            #expect(isStillKnown == isBound)
        }
    }

    @Test func aLoginTokenIsNotGoodAnyMore() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let auth = fixture.passwordAuth(alice)
        let token = try await fixture.accounts.makeLoginToken(for: fixture.requester(alice), auth: auth).token
        try await deactivate(fixture, alice)
        await expect(.forbidden, 403) { try await fixture.accounts.logIn(withToken: token, on: LoginDevice()) }
    }

    @Test func nothingIsKeptButTheAccountItself() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let bob = try await fixture.user("bob")
        for login in [alice, bob] {
            let requester = try fixture.requester(login)
            try await fixture.accounts.setAccountData(
                of: login.user, in: nil, type: "some.type", to: Array(#"{"a":1}"#.utf8), for: requester)
            _ = try await fixture.accounts.createFilter([:], of: login.user, for: requester)
            _ = await fixture.accounts.challenge { try await $0.deactivate(requester, isErased: true, auth: nil) }
        }
        try await deactivate(fixture, alice, isErased: true)
        let account = try #require(try fixture.database.view().account(of: alice.user))
        #expect(account.flags == [.deactivated, .erased] && account.passwordHash == nil)
        let own = KeyRange.tuples(alice.user)
        for map in AccountsMaps.schema.maps where map.name != AccountsMaps.userIDToAccount.map.name {
            let walk = try fixture.database.snapshot().cursor(through: own, of: map, .forward)
            #expect(try walk.next() == nil, "\(map.name)")
        }
        #expect(try fixture.database.view().accountData(of: bob.user, in: nil).count == 1)
    }

    @Test func aSessionIsForTheUserAndTheChoiceThatOpenedIt() async throws {
        let fixture = try AccountsFixture()
        let (alice, bob) = (try await fixture.user("alice"), try await fixture.user("bob"))
        let requester = try fixture.requester(alice)
        let required = try #require(await fixture.accounts.challenge { try await $0.deactivate(requester, isErased: false, auth: nil) })
        let auth = required.auth("m.login.password", fixture.credentials(alice))
        await expect(.forbidden, 403) { try await fixture.accounts.deactivate(requester, isErased: true, auth: auth) }
        let bobs = required.auth("m.login.password", fixture.credentials(bob))
        await expect(.unknown, 400) { try await fixture.accounts.deactivate(fixture.requester(bob), isErased: false, auth: bobs) }
        fixture.clock.advance(by: 31 * 60 * 1000)
        await expect(.unknown, 400) { try await fixture.accounts.deactivate(requester, isErased: false, auth: auth) }
        #expect(fixture.isLoggedIn(alice) && fixture.isLoggedIn(bob))
    }

    /// The whole server: the rooms are left and the profile goes, also when the server stops in between.
    @Test func roomsAreLeftAlsoAfterARestart() throws {
        let directory = try TemporaryDirectory()
        let clock = VirtualClock()
        let rooms = try VirtualServer.run(on: directory, clock: clock) { server -> [RoomID] in
            var rooms: [RoomID] = []
            for _ in 0..<25 {
                rooms.append(try await server.room())
                try await server.wait(1)
            }
            var request = CreateRoomRequest()
            request.invite = [server.bob.userID]
            rooms.append(try await server.rooms.create(request, by: server.alice))
            try await server.homeserver.profiles.set("displayname", to: "Bob", of: server.bob.userID, by: server.bob)
            try await server.homeserver.register("bob")
            try await server.homeserver.deactivate("bob")
            // The job has hardly begun.
            return rooms
        }
        try VirtualServer.run(on: directory, clock: clock) { server in
            while try !server.homeserver.background.roomsJobs.all().isEmpty { try await server.wait(10) }
            for room in rooms {
                let member = try server.rooms.state(
                    StateKey("m.room.member", "@bob:example.org"), of: room, as: .content, for: server.alice)
                #expect(try member.json()["membership"] == "leave")
            }
            await expect(.notFound, 404) { try server.homeserver.profiles.profile(of: server.bob.userID) }
            #expect(try server.rooms.joinedRooms(of: server.bob) == [])
        }
    }
}

extension Homeserver {
    /// An account without the ado of registration.
    func register(_ name: String) async throws {
        var request = RegistrationRequest(username: name, password: AccountsFixture.password)
        let token = try await accounts.registrationToken()
        let required = try #require(await accounts.challenge { try await $0.register(request) })
        request.auth = required.auth("m.login.registration_token", ["token": .string(token)])
        _ = await accounts.challenge { try await $0.register(request) }
        request.auth = required.auth("m.login.dummy")
        _ = try await accounts.register(request)
    }

    /// Closes such an account.
    func deactivate(_ name: String, isErased: Bool = false) async throws {
        let auth: JSONObject = [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)],
            "password": .string(AccountsFixture.password),
        ]
        let login = try await accounts.logIn(PasswordCredentials(user: name, password: AccountsFixture.password), on: LoginDevice())
        let requester = try accounts.requester(ofToken: try #require(login.device).accessToken)
        try await accounts.deactivate(requester, isErased: isErased, auth: auth)
    }
}
