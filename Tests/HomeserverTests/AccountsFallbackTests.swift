import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Terms of service at registration", and stages that are completed on a page of the server ("Fallback").
@Suite struct AccountsFallbackTests {
    private static let terms = [
        RegistrationTerms(id: "privacy_policy", version: "1.2", name: "Privacy Policy", url: "https://example.org/privacy"),
        RegistrationTerms(
            id: "privacy_policy", version: "1.2", name: "Datenschutz", url: "https://example.org/datenschutz", language: "de"),
    ]

    private func fixture() throws -> AccountsFixture {
        var settings = AccountsSettings(token: AccountsFixture.token)
        settings.terms = Self.terms
        return try AccountsFixture(settings)
    }

    private func begin(_ fixture: AccountsFixture, _ request: RegistrationRequest) async throws -> InteractiveAuthenticationRequired {
        try #require(await fixture.accounts.challenge { try await $0.register(request) })
    }

    @Test func termsAreAStageWithParameters() async throws {
        let fixture = try fixture()
        var request = RegistrationRequest(username: "alice", password: AccountsFixture.password)
        let required = try await begin(fixture, request)
        #expect(required.flows == [["m.login.registration_token", "m.login.terms", "m.login.dummy"]])
        let policies = required.body["params"]?["m.login.terms", "policies"]
        #expect(
            policies == [
                "privacy_policy": [
                    "version": "1.2", "en": ["name": "Privacy Policy", "url": "https://example.org/privacy"],
                    "de": ["name": "Datenschutz", "url": "https://example.org/datenschutz"],
                ]
            ])
        for (stage, members) in [
            ("m.login.registration_token", ["token": .string(AccountsFixture.token)]), ("m.login.terms", [:]),
        ] as [(String, JSONObject)] {
            request.auth = required.auth(stage, members)
            #expect(try await begin(fixture, request).completed.last == stage)
        }
        request.auth = required.auth("m.login.dummy")
        #expect(fixture.isLoggedIn(try await fixture.accounts.register(request)))
    }

    @Test func allStagesCanBeCompletedOnPages() async throws {
        let fixture = try fixture()
        var request = RegistrationRequest(username: "alice", password: AccountsFixture.password)
        let session = try await begin(fixture, request).session
        let accounts = fixture.accounts
        #expect(try accounts.fallbackPage(of: "m.login.registration_token", session: session) == .registrationToken)
        #expect(try accounts.fallbackPage(of: "m.login.terms", session: session) == .terms(Self.terms))
        await expect(.unauthorized, 401) {
            try await accounts.completeOnPage("m.login.registration_token", session: session, ["token": "wrong"])
        }
        await expect(.missingParameter, 400) { try await accounts.completeOnPage("m.login.registration_token", session: session, [:]) }
        // Not out of order.
        await expect(.unauthorized, 401) { try await accounts.completeOnPage("m.login.terms", session: session, [:]) }
        try await accounts.completeOnPage("m.login.registration_token", session: session, ["token": .string(AccountsFixture.token)])
        #expect(try accounts.fallbackPage(of: "m.login.registration_token", session: session) == .done)
        try await accounts.completeOnPage("m.login.terms", session: session, [:])
        try await accounts.completeOnPage("m.login.terms", session: session, [:])
        // The client goes on with the session alone.
        request.auth = ["session": .string(session)]
        #expect(try await begin(fixture, request).completed == ["m.login.registration_token", "m.login.terms"])
        try await accounts.completeOnPage("m.login.dummy", session: session, [:])
        #expect(fixture.isLoggedIn(try await accounts.register(request)))
        await expect(.unknown, 400) { try accounts.fallbackPage(of: "m.login.terms", session: session) }
    }

    @Test func unknownStagesAndSessionsHaveNoPage() async throws {
        let fixture = try fixture()
        let session = try await begin(fixture, RegistrationRequest(username: "alice")).session
        await expect(.unrecognized, 404) { try fixture.accounts.fallbackPage(of: "m.login.password", session: session) }
        await expect(.unrecognized, 404) { try await fixture.accounts.completeOnPage("m.login.recaptcha", session: session, [:]) }
        await expect(.unknown, 400) { try fixture.accounts.fallbackPage(of: "m.login.terms", session: "unknown") }
        fixture.clock.advance(by: 31 * 60 * 1000)
        await expect(.unknown, 400) { try fixture.accounts.fallbackPage(of: "m.login.terms", session: session) }
        await expect(.unknown, 400) { try await fixture.accounts.completeOnPage("m.login.terms", session: session, [:]) }
    }
}
