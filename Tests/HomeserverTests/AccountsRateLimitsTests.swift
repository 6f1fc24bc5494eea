import Homeserver
import MatrixProtocol
import Testing

/// "Rate limiting" of what opens accounts and makes them.
@Suite struct AccountsRateLimitsTests {
    private func fixture(_ change: (inout RateLimits) -> Void) throws -> AccountsFixture {
        var rates = RateLimits()
        change(&rates)
        var settings = AccountsSettings(token: AccountsFixture.token, allowsGuests: true)
        settings.rateLimits = rates
        return try AccountsFixture(settings)
    }

    @Test func loginsFromAnAddress() async throws {
        let fixture = try fixture { $0.login = RateLimits.Rate(burst: 2, perSecond: 0.1) }
        try await fixture.user("alice")
        for _ in 0..<2 { _ = try await fixture.logIn("alice", device: LoginDevice(address: "192.0.2.1")) }
        do {
            _ = try await fixture.logIn("alice", device: LoginDevice(address: "192.0.2.1"))
            Issue.record("the third login was let through")
        } catch let error as MatrixError {
            #expect(error.code == .limitExceeded && error.status == 429)
            #expect(error.extra["retry_after_ms"] == 10_000)
        }
        _ = try await fixture.logIn("alice", device: LoginDevice(address: "192.0.2.2"))
        fixture.clock.advance(by: 10_000)
        _ = try await fixture.logIn("alice", device: LoginDevice(address: "192.0.2.1"))
        await expect(.limitExceeded, 429) {
            try await fixture.accounts.logIn(withToken: "any", on: LoginDevice(address: "192.0.2.1"))
        }
    }

    @Test func wrongPasswordsForAnAccount() async throws {
        let fixture = try fixture { $0.failedLogin = RateLimits.Rate(burst: 3, perSecond: 0.1) }
        try await fixture.user("alice")
        try await fixture.user("bob")
        for _ in 0..<5 { _ = try await fixture.logIn("alice") }
        for _ in 0..<3 { await expect(.forbidden, 403) { try await fixture.logIn("alice", password: "wrong") } }
        await expect(.limitExceeded, 429) { try await fixture.logIn("alice", password: "wrong") }
        // Neither does the right one tell now that it is right; nor is there another way to try.
        await expect(.limitExceeded, 429) { try await fixture.logIn("@alice:example.org") }
        for _ in 0..<3 { await expect(.forbidden, 403) { try await fixture.logIn("nobody", password: "wrong") } }
        await expect(.limitExceeded, 429) { try await fixture.logIn("nobody", password: "wrong") }
        _ = try await fixture.logIn("bob")
        fixture.clock.advance(by: 10_000)
        _ = try await fixture.logIn("alice")
    }

    @Test func strangersKeepNobodyFromWhatIsTheirs() async throws {
        let fixture = try fixture { $0.failedLogin = RateLimits.Rate(burst: 3, perSecond: 0.1) }
        let alice = try await fixture.user("alice")
        for _ in 0..<3 { await expect(.forbidden, 403) { try await fixture.logIn("alice", password: "wrong") } }
        await expect(.limitExceeded, 429) { try await fixture.logIn("alice") }
        let requester = try fixture.requester(alice)
        _ = try await fixture.accounts.makeLoginToken(for: requester, auth: fixture.passwordAuth(alice))
        // Who has the access token can't try on and on either.
        var wrong = fixture.passwordAuth(alice)
        wrong["password"] = "wrong"
        for _ in 0..<3 {
            #expect(await fixture.accounts.challenge { try await $0.makeLoginToken(for: requester, auth: wrong) } != nil)
        }
        await expect(.limitExceeded, 429) { try await fixture.accounts.makeLoginToken(for: requester, auth: fixture.passwordAuth(alice)) }
    }

    @Test func anIPv6NetworkIsOneClient() async throws {
        let fixture = try fixture { $0.login = RateLimits.Rate(burst: 1, perSecond: 0.1) }
        try await fixture.user("alice")
        _ = try await fixture.logIn("alice", device: LoginDevice(address: "2001:db8::1"))
        for address in ["2001:db8::2", "2001:db8:0:0:1:2:3:4", "2001:db8::ffff:0:0:1%eth0"] {
            await expect(.limitExceeded, 429) { try await fixture.logIn("alice", device: LoginDevice(address: address)) }
        }
        for address in ["2001:db8:0:1::1", "::1", "2001:db9::1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"] {
            _ = try await fixture.logIn("alice", device: LoginDevice(address: address))
        }
    }

    /// They are nobody's, and would take as much memory as strangers like.
    @Test func namesThatAreTooLongAreAllTheSame() async throws {
        let fixture = try fixture { $0.failedLogin = RateLimits.Rate(burst: 3, perSecond: 0.1) }
        func name(_ number: Int) -> String { "\(number)" + String(repeating: "x", count: 255) }
        for number in 0..<3 { await expect(.forbidden, 403) { try await fixture.logIn(name(number), password: "wrong") } }
        await expect(.limitExceeded, 429) { try await fixture.logIn(name(3), password: "wrong") }
        await expect(.forbidden, 403) { try await fixture.logIn("short", password: "wrong") }
    }

    @Test func sessionsOfRegistrationFromAnAddress() async throws {
        let fixture = try fixture { $0.registration = RateLimits.Rate(burst: 2, perSecond: 1) }
        let request = RegistrationRequest(username: "alice", password: "password", device: LoginDevice(address: "192.0.2.1"))
        let required = await fixture.accounts.challenge { try await $0.register(request) }
        #expect(required != nil)
        // To go on with a session is no other one.
        var next = request
        next.auth = ["session": .string(required?.session ?? "")]
        #expect(await fixture.accounts.challenge { try await $0.register(next) } != nil)
        try fixture.accounts.checkAvailability(ofUsername: "bob", from: "192.0.2.1")
        await expect(.limitExceeded, 429) { try await fixture.accounts.register(request) }
        await expect(.limitExceeded, 429) { try fixture.accounts.checkAvailability(ofUsername: "bob", from: "192.0.2.1") }
    }

    @Test func profilesThatRoomsShow() async throws {
        let fixture = try await RoomsFixture(messageRate: RateLimits.Rate(burst: 2, perSecond: 1))
        for name in ["one", "two"] {
            try await fixture.profiles.set("displayname", to: .string(name), of: fixture.bob.userID, by: fixture.bob)
        }
        await expect(.limitExceeded, 429) {
            try await fixture.profiles.set("displayname", to: "three", of: fixture.bob.userID, by: fixture.bob)
        }
    }

    @Test func registrationsFromAnAddress() async throws {
        let fixture = try fixture { $0.registration = RateLimits.Rate(burst: 1, perSecond: 1) }
        _ = try await fixture.accounts.registerGuest(on: LoginDevice(address: "192.0.2.1"))
        await expect(.limitExceeded, 429) { try await fixture.accounts.registerGuest(on: LoginDevice(address: "192.0.2.1")) }
        _ = try await fixture.accounts.registerGuest(on: LoginDevice(address: "192.0.2.2"))
    }

    @Test func wrongRegistrationTokensFromAnAddress() async throws {
        let fixture = try fixture { $0.failedLogin = RateLimits.Rate(burst: 2, perSecond: 1) }
        let accounts = fixture.accounts
        for _ in 0..<5 { #expect(try await accounts.isValidRegistrationToken(AccountsFixture.token, from: "192.0.2.1")) }
        for _ in 0..<2 { #expect(try await !accounts.isValidRegistrationToken("wrong", from: "192.0.2.1")) }
        await expect(.limitExceeded, 429) { try await accounts.isValidRegistrationToken("wrong", from: "192.0.2.1") }
        #expect(try await !accounts.isValidRegistrationToken("wrong", from: "192.0.2.2"))
    }

    @Test func eventsOfAUser() async throws {
        let fixture = try await RoomsFixture(messageRate: RateLimits.Rate(burst: 3, perSecond: 1))
        let room = try await fixture.room()
        let event = try await fixture.say("one", in: room, by: fixture.alice)
        try await fixture.set("m.room.topic", ["topic": "two"], in: room, by: fixture.alice)
        _ = try await fixture.rooms.redact(event, content: [:], in: room, transactionID: "three", by: fixture.alice)
        await expect(.limitExceeded, 429) { try await fixture.say("four", in: room, by: fixture.alice) }
        try await fixture.rooms.join(room, content: [:], by: fixture.bob)
        try await fixture.say("one", in: room, by: fixture.bob)
        fixture.clock.advance(by: 1000)
        try await fixture.say("four", in: room, by: fixture.alice)
    }

    @Test func requestsOfAUser() async throws {
        let fixture = try fixture { $0.requests = RateLimits.Rate(burst: 1, perSecond: 0.1) }
        let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "A")
        let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "B")
        // Of whom it is known who it is, the address doesn't matter.
        try fixture.accounts.countRequest(by: alice, from: "192.0.2.1")
        await expect(.limitExceeded, 429) { try fixture.accounts.countRequest(by: alice, from: "192.0.2.2") }
        try fixture.accounts.countRequest(by: bob, from: "192.0.2.1")
        try fixture.accounts.countRequest(by: nil, from: "192.0.2.1")
        await expect(.limitExceeded, 429) { try fixture.accounts.countRequest(by: nil, from: "192.0.2.1") }
        fixture.clock.advance(by: 10_000)
        try fixture.accounts.countRequest(by: alice, from: "192.0.2.1")
    }
}
