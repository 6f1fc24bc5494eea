import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Adding Account Administrative Contact Information", and what an email address opens.
@Suite struct AccountsEmailTests {
    private static let address = "Alice@Example.org"

    private struct Mails {
        let fixture: AccountsFixture
        let mail = TestMail()

        init(
            isRequired: Bool = false, rate: RateLimits.Rate? = nil, _ change: (inout AccountsSettings) -> Void = { _ in }
        ) throws {
            var settings = AccountsSettings(token: AccountsFixture.token)
            if let rate {
                var rates = RateLimits()
                rates.email = rate
                settings.rateLimits = rates
            }
            change(&settings)
            settings.email = EmailSettings(mail: mail, baseURL: "https://matrix.example.org", isRequiredForRegistration: isRequired)
            fixture = try AccountsFixture(settings)
        }

        /// Asks for a message.
        func request(
            _ purpose: Accounts.EmailPurpose, _ email: String = address, secret: String = "secret", attempt: Int64 = 1,
            nextLink: String? = nil, from client: String? = nil
        ) async throws -> String {
            let request = EmailValidationRequest(
                clientSecret: secret, email: email, sendAttempt: attempt, nextLink: nextLink, address: client)
            return try await fixture.accounts.requestEmailValidation(request, for: purpose)
        }

        /// Follows the link in the newest message.
        @discardableResult
        func follow() async throws -> String? {
            let link = try #require(mail.messages.last?.text.split(separator: "\n").first { $0.hasPrefix("https://") })
            let query = try #require(link.split(separator: "?").last).split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
            let values = Dictionary(query.map { (String($0[0]), String($0[1])) }) { $1 }
            return try await fixture.accounts.validate(
                Accounts.EmailProof(
                    sid: values["sid"] ?? "", clientSecret: values["client_secret"] ?? "", token: values["token"] ?? ""))
        }

        /// An address that is a user's.
        func add(_ email: String = address, to login: Login) async throws {
            let sid = try await request(.addition, email)
            try await follow()
            try await fixture.accounts.addThirdPartyID(
                sid, clientSecret: "secret", to: fixture.requester(login), auth: fixture.passwordAuth(login))
        }

        func addresses(_ login: Login) throws -> [String] {
            try fixture.accounts.thirdPartyIDs(of: fixture.requester(login)).compactMap { $0["address"]?.stringValue }
        }
    }

    private func credentials(_ sid: String, _ secret: String = "secret") -> JSONObject {
        ["threepid_creds": ["sid": .string(sid), "client_secret": .string(secret)]]
    }

    @Test func withoutAMailServerThereIsNothing() async throws {
        let fixture = try AccountsFixture()
        for purpose in [Accounts.EmailPurpose.registration, .addition, .passwordReset] {
            let request = EmailValidationRequest(clientSecret: "secret", email: Self.address, sendAttempt: 1)
            await expect(.threePIDMediumNotSupported, 400) { try await fixture.accounts.requestEmailValidation(request, for: purpose) }
        }
        await expect(.missingToken, 401) {
            try await fixture.accounts.resetPassword(to: "another password", logsOutDevices: true, auth: nil)
        }
        let alice = try fixture.requester(try await fixture.user("alice"))
        #expect(try fixture.accounts.thirdPartyIDs(of: alice).isEmpty)
        await expect(.threePIDAuthFailed, 400) {
            try await fixture.accounts.addThirdPartyID("sid", clientSecret: "secret", to: alice, auth: fixture.passwordAuth(alice.userID))
        }
    }

    @Test func anAddressIsAddedOnceItsReaderHasFollowedTheLink() async throws {
        let mails = try Mails()
        let alice = try await mails.fixture.user("alice")
        let requester = try mails.fixture.requester(alice)
        let accounts = mails.fixture.accounts
        let sid = try await mails.request(.addition, nextLink: "https://client.example")
        #expect(mails.mail.messages.map(\.recipient) == [Self.address])
        let auth = mails.fixture.passwordAuth(alice)
        await expect(.threePIDAuthFailed, 400) {
            try await accounts.addThirdPartyID(sid, clientSecret: "secret", to: requester, auth: auth)
        }
        #expect(try await mails.follow() == "https://client.example")
        let required = await accounts.challenge {
            try await $0.addThirdPartyID(sid, clientSecret: "secret", to: requester, auth: nil)
        }
        #expect(required?.flows == [["m.login.password"]])
        await expect(.threePIDAuthFailed, 400) {
            try await accounts.addThirdPartyID(sid, clientSecret: "other", to: requester, auth: auth)
        }
        try await accounts.addThirdPartyID(sid, clientSecret: "secret", to: requester, auth: auth)
        let now = JSONValue.integer(mails.fixture.clock.now())
        #expect(
            try accounts.thirdPartyIDs(of: requester)
                == [["medium": "email", "address": "alice@example.org", "validated_at": now, "added_at": now]])
        // The proof is used up.
        await expect(.threePIDAuthFailed, 400) {
            try await accounts.addThirdPartyID(sid, clientSecret: "secret", to: requester, auth: auth)
        }
        try await accounts.removeThirdPartyID(medium: "email", address: "ALICE@example.org", of: requester)
        try await accounts.removeThirdPartyID(medium: "email", address: "ALICE@example.org", of: requester)
        #expect(try accounts.thirdPartyIDs(of: requester).isEmpty)
    }

    @Test func anAddressIsOneUsers() async throws {
        let mails = try Mails()
        let (alice, bob) = (try await mails.fixture.user("alice"), try await mails.fixture.user("bob"))
        // Both have proved it before one of them adds it.
        let bobsProof = try await mails.request(.addition, secret: "bobs")
        try await mails.follow()
        try await mails.add(to: alice)
        await expect(.threePIDInUse, 400) {
            try await mails.fixture.accounts.addThirdPartyID(
                bobsProof, clientSecret: "bobs", to: mails.fixture.requester(bob), auth: mails.fixture.passwordAuth(bob))
        }
        for purpose in [Accounts.EmailPurpose.addition, .registration] {
            await expect(.threePIDInUse, 400) { try await mails.request(purpose, "ALICE@EXAMPLE.ORG") }
        }
        // Nobody takes it away from another one.
        try await mails.fixture.accounts.removeThirdPartyID(medium: "email", address: Self.address, of: mails.fixture.requester(bob))
        #expect(try mails.addresses(alice) == ["alice@example.org"])
    }

    @Test func oneMessageForEachAttempt() async throws {
        let mails = try Mails()
        let first = try await mails.request(.addition, attempt: 2)
        #expect(try await mails.request(.addition, attempt: 2) == first)
        #expect(try await mails.request(.addition, attempt: 1) == first)
        #expect(mails.mail.messages.count == 1)
        #expect(try await mails.request(.addition, attempt: 3) == first)
        #expect(mails.mail.messages.count == 2)
        #expect(try await mails.request(.addition, secret: "other") != first)
        #expect(try await mails.request(.registration) != first)
    }

    @Test func linksExpireAndWrongOnesProveNothing() async throws {
        let mails = try Mails()
        let sid = try await mails.request(.addition)
        for proof in [
            Accounts.EmailProof(sid: sid, clientSecret: "secret", token: "wrong"),
            Accounts.EmailProof(sid: "wrong", clientSecret: "secret", token: "wrong"),
        ] {
            await expect(.threePIDAuthFailed, 400) { try await mails.fixture.accounts.validate(proof) }
        }
        mails.fixture.clock.advance(by: 24 * 60 * 60 * 1000)
        await expect(.threePIDAuthFailed, 400) { try await mails.follow() }
    }

    @Test(arguments: ["", "alice", "@example.org", "alice@", "a b@example.org", "alice@example.org\r\nBcc: all", "<alice@example.org>"])
    func whatIsNoAddressIsRefused(_ address: String) async throws {
        let mails = try Mails()
        await expect(.invalidParameter, 400) { try await mails.request(.addition, address) }
        #expect(mails.mail.messages.isEmpty)
    }

    @Test func badRequestsAreRefused() async throws {
        let mails = try Mails()
        for secret in ["", "a b", "ä", String(repeating: "a", count: 256)] {
            await expect(.invalidParameter, 400) { try await mails.request(.addition, secret: secret) }
        }
        await expect(.invalidParameter, 400) { try await mails.request(.addition, nextLink: "javascript:alert(1)") }
        mails.mail.fail(with: .failed("no server"))
        await expect(.unknown, 500) { try await mails.request(.addition) }
        mails.mail.fail(with: .refused("550"))
        await expect(.invalidParameter, 400) { try await mails.request(.addition) }
        mails.mail.fail(with: nil)
        // What has failed is tried again, though the attempt's number is the same.
        _ = try await mails.request(.addition)
        #expect(mails.mail.messages.count == 1)
    }

    @Test func strangersHaveFewMessagesSent() async throws {
        let mails = try Mails(rate: RateLimits.Rate(burst: 1, perSecond: 0.001))
        for number in 0..<10 { _ = try await mails.request(.addition, "\(number)@example.org", from: "192.0.2.1") }
        await expect(.limitExceeded, 429) { try await mails.request(.addition, "another@example.org", from: "192.0.2.1") }
        _ = try await mails.request(.addition, "another@example.org", from: "192.0.2.2")
        await expect(.limitExceeded, 429) { try await mails.request(.addition, "another@example.org", attempt: 2, from: "192.0.2.3") }
    }

    @Test func whereNobodyCanRegisterNobodyProvesAnAddressForIt() async throws {
        let mails = try Mails { $0.registrationEnabled = false }
        await expect(.forbidden, 403) { try await mails.request(.registration) }
        _ = try await mails.request(.addition)
        await expect(.invalidParameter, 400) {
            try await mails.request(.addition, secret: "another", nextLink: "https://" + String(repeating: "x", count: 2048))
        }
    }

    @Test func aGuestWhoRegistersKeepsTheAddress() async throws {
        let mails = try Mails(isRequired: true) { ($0.requiresToken, $0.allowsGuests) = (false, true) }
        let accounts = mails.fixture.accounts
        let guest = try await accounts.registerGuest(on: LoginDevice())
        let token = try #require(guest.device).accessToken
        var request = RegistrationRequest(
            username: String(guest.user.localpart), password: AccountsFixture.password, guestAccessToken: token)
        let required = try #require(await accounts.challenge { try await $0.register(request) })
        let sid = try await mails.request(.registration)
        try await mails.follow()
        request.auth = required.auth("m.login.email.identity", credentials(sid))
        let user = try await accounts.register(request)
        #expect(try mails.addresses(user).count == 1)
    }

    @Test func registrationWithAnAddress() async throws {
        let mails = try Mails(isRequired: true)
        let accounts = mails.fixture.accounts
        var request = RegistrationRequest(username: "alice", password: AccountsFixture.password)
        let required = try #require(await accounts.challenge { try await $0.register(request) })
        #expect(required.flows == [["m.login.registration_token", "m.login.email.identity"]])
        request.auth = required.auth("m.login.registration_token", ["token": .string(AccountsFixture.token)])
        _ = await accounts.challenge { try await $0.register(request) }
        let sid = try await mails.request(.registration)
        request.auth = required.auth("m.login.email.identity", credentials(sid))
        #expect(await accounts.challenge { try await $0.register(request) }?.errcode == "M_THREEPID_AUTH_FAILED")
        request.auth = required.auth("m.login.email.identity")
        await expect(.missingParameter, 400) { try await accounts.register(request) }
        try await mails.follow()
        request.auth = required.auth("m.login.email.identity", credentials(sid))
        let login = try await accounts.register(request)
        #expect(try mails.addresses(login) == ["alice@example.org"])
    }

    @Test func anAddressIsOptionalWhereItIsNotRequired() async throws {
        let mails = try Mails()
        let required = await mails.fixture.accounts.challenge { try await $0.register(RegistrationRequest(username: "alice")) }
        #expect(
            required?.flows == [
                ["m.login.registration_token", "m.login.dummy"], ["m.login.registration_token", "m.login.email.identity"],
            ])
        _ = try await mails.fixture.user("alice")
    }

    @Test func aForgottenPasswordIsReset() async throws {
        let mails = try Mails()
        let accounts = mails.fixture.accounts
        let alice = try await mails.fixture.user("alice")
        await expect(.threePIDNotFound, 400) { try await mails.request(.passwordReset) }
        try await mails.add(to: alice)
        let required = try #require(
            await accounts.challenge { try await $0.resetPassword(to: "another password", logsOutDevices: true, auth: nil) })
        #expect(required.flows == [["m.login.email.identity"]])
        let sid = try await mails.request(.passwordReset)
        let auth = required.auth("m.login.email.identity", credentials(sid))
        let early = await accounts.challenge { try await $0.resetPassword(to: "another password", logsOutDevices: true, auth: auth) }
        #expect(early?.errcode == "M_THREEPID_AUTH_FAILED")
        try await mails.follow()
        await expect(.forbidden, 403) { try await accounts.resetPassword(to: "a third password", logsOutDevices: true, auth: auth) }
        try await accounts.resetPassword(to: "another password", logsOutDevices: true, auth: auth)
        #expect(!mails.fixture.isLoggedIn(alice))
        await expect(.forbidden, 403) { try await mails.fixture.logIn("alice") }
        _ = try await mails.fixture.logIn("alice", password: "another password")
        // The proof is used up.
        let again = try #require(
            await accounts.challenge { try await $0.resetPassword(to: "another password", logsOutDevices: true, auth: nil) })
        let used = await accounts.challenge {
            try await $0.resetPassword(
                to: "another password", logsOutDevices: true, auth: again.auth("m.login.email.identity", credentials(sid)))
        }
        #expect(used?.errcode == "M_THREEPID_AUTH_FAILED")
    }

    @Test func aProofForOneThingProvesNothingForAnother() async throws {
        let mails = try Mails()
        let alice = try await mails.fixture.user("alice")
        try await mails.add(to: alice)
        let sid = try await mails.request(.addition, "other@example.org", secret: "second")
        try await mails.follow()
        var auth = credentials(sid, "second")
        auth["type"] = "m.login.email.identity"
        let refused = await mails.fixture.accounts.challenge {
            try await $0.resetPassword(to: "another password", logsOutDevices: true, auth: auth)
        }
        #expect(refused?.errcode == "M_THREEPID_AUTH_FAILED")
    }

    @Test func anAddressLogsIn() async throws {
        let mails = try Mails()
        let alice = try await mails.fixture.user("alice")
        try await mails.add(to: alice)
        let accounts = mails.fixture.accounts
        for email in ["alice@example.org", "ALICE@example.org"] {
            let credentials = try PasswordCredentials([
                "identifier": ["type": "m.id.thirdparty", "medium": "email", "address": .string(email)],
                "password": .string(AccountsFixture.password),
            ])
            #expect(try await accounts.logIn(credentials, on: LoginDevice()).user == alice.user)
        }
        let wrong = PasswordCredentials(user: nil, email: "bob@example.org", password: AccountsFixture.password)
        await expect(.forbidden, 403) { try await accounts.logIn(wrong, on: LoginDevice()) }
    }

    @Test func aDeactivatedAccountsAddressIsFree() async throws {
        let mails = try Mails()
        let alice = try await mails.fixture.user("alice")
        try await mails.add(to: alice)
        try await mails.fixture.accounts.deactivate(
            mails.fixture.requester(alice), isErased: false, auth: mails.fixture.passwordAuth(alice))
        let bob = try await mails.fixture.user("bob")
        try await mails.add(to: bob)
        #expect(try mails.addresses(bob) == ["alice@example.org"])
    }
}

/// Keeps messages instead of sending them.
