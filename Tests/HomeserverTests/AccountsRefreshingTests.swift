import AccountsDatabase
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Refreshing access tokens" and "Soft logout".
@Suite struct AccountsRefreshingTests {
    private static let lifetimes = TokenLifetimes(refreshableAccess: 60_000, otherAccess: nil, refresh: 600_000)

    private func fixture(_ lifetimes: TokenLifetimes = lifetimes) throws -> AccountsFixture {
        var settings = AccountsSettings(token: AccountsFixture.token)
        settings.tokenLifetimes = lifetimes
        return try AccountsFixture(settings)
    }

    /// Alice's login on a device that can refresh its tokens.
    private func logIn(_ fixture: AccountsFixture) async throws -> FreshTokens {
        try await fixture.user("alice")
        return try #require(try await fixture.logIn("alice", device: LoginDevice(id: "PHONE", canRefresh: true)).device).tokens
    }

    private func refresh(_ fixture: AccountsFixture, _ tokens: FreshTokens) async throws -> FreshTokens {
        try await fixture.accounts.refresh(try #require(tokens.refreshToken))
    }

    private func isGood(_ fixture: AccountsFixture, _ tokens: FreshTokens) -> Bool {
        (try? fixture.accounts.requester(ofToken: tokens.accessToken)) != nil
    }

    /// What somebody is told whose token isn't good.
    private func refusal(_ body: () async throws -> Void) async throws -> (code: MatrixError.Code, isSoft: Bool) {
        do {
            try await body()
        } catch let error as MatrixError {
            #expect(error.status == 401)
            return (error.code, error.extra["soft_logout"]?.boolValue ?? false)
        }
        throw MatrixError(.unknown, "nothing was refused")
    }

    @Test func onlyClientsThatCanRefreshGetRefreshTokens() async throws {
        let fixture = try fixture()
        let tokens = try await logIn(fixture)
        #expect(tokens.refreshToken != nil && tokens.expiresInMilliseconds == 60_000)
        let other = try #require(try await fixture.logIn("alice").device).tokens
        #expect(other.refreshToken == nil && other.expiresInMilliseconds == nil)
        fixture.clock.advance(by: 1 << 40)
        #expect(isGood(fixture, other))
        #expect(!isGood(fixture, tokens))
    }

    @Test func anExpiredTokenIsASoftLogoutAndItsDeviceStays() async throws {
        let fixture = try fixture()
        let tokens = try await logIn(fixture)
        fixture.clock.advance(by: 59_999)
        #expect(isGood(fixture, tokens))
        fixture.clock.advance(by: 1)
        let refusal = try await refusal { _ = try await fixture.accounts.authenticate(token: tokens.accessToken) }
        #expect(refusal == (.unknownToken, true))
        let fresh = try await refresh(fixture, tokens)
        let requester = try await fixture.accounts.authenticate(token: fresh.accessToken)
        #expect(requester.deviceID == "PHONE")
        #expect(!isGood(fixture, tokens))
    }

    @Test func whoseTokenHasExpiredCanStillLogOut() async throws {
        let fixture = try fixture()
        let tokens = try await logIn(fixture)
        fixture.clock.advance(by: 60_000)
        let requester = try await fixture.accounts.authenticate(token: tokens.accessToken, acceptsExpired: true)
        #expect(requester.deviceID == "PHONE")
        try await fixture.accounts.logOut(requester)
        #expect(try await refusal { _ = try await refresh(fixture, tokens) } == (.unknownToken, false))
        await expect(.unknownToken, 401) {
            try await fixture.accounts.authenticate(token: tokens.accessToken, acceptsExpired: true)
        }
    }

    @Test func anOldRefreshTokenIsGoodUntilTheNewAccessTokenIsUsed() async throws {
        let fixture = try fixture()
        let first = try await logIn(fixture)
        // The answers that have the next tokens are lost twice.
        let lost = try await refresh(fixture, first)
        let again = try await refresh(fixture, first)
        #expect(!isGood(fixture, lost))
        #expect(try await self.refusal { _ = try await refresh(fixture, lost) } == (.unknownToken, false))
        _ = try await fixture.accounts.authenticate(token: again.accessToken)
        #expect(try await self.refusal { _ = try await refresh(fixture, first) } == (.unknownToken, false))
        #expect(isGood(fixture, again))
        _ = try await refresh(fixture, again)
    }

    @Test func anOldRefreshTokenIsGoodUntilTheNewOneIsUsed() async throws {
        let fixture = try fixture()
        let first = try await logIn(fixture)
        let second = try await refresh(fixture, first)
        let third = try await refresh(fixture, second)
        #expect(try await refusal { _ = try await refresh(fixture, first) } == (.unknownToken, false))
        #expect(isGood(fixture, third))
    }

    @Test func aRefreshTokenExpiresSoftly() async throws {
        let fixture = try fixture()
        var tokens = try await logIn(fixture)
        for _ in 0..<3 {
            fixture.clock.advance(by: 599_999)
            tokens = try await refresh(fixture, tokens)
        }
        fixture.clock.advance(by: 600_000)
        #expect(try await refusal { _ = try await refresh(fixture, tokens) } == (.unknownToken, true))
        // The device logs in again and is the same.
        let login = try await fixture.logIn("alice", device: LoginDevice(id: "PHONE", canRefresh: true))
        #expect(try fixture.requester(login).deviceID == "PHONE")
    }

    @Test func refreshTokensEndWithTheirLogin() async throws {
        let fixture = try fixture()
        let tokens = try await logIn(fixture)
        let replaced = tokens
        let fresh = try await refresh(fixture, tokens)
        try await fixture.accounts.logOut(fixture.accounts.requester(ofToken: fresh.accessToken))
        for gone in [replaced, fresh] { #expect(try await refusal { _ = try await refresh(fixture, gone) } == (.unknownToken, false)) }
        #expect(try await refusal { _ = try await fixture.accounts.refresh("wrong") } == (.unknownToken, false))
        // So they do when the device logs in anew.
        let first = try #require(try await fixture.logIn("alice", device: LoginDevice(id: "PHONE", canRefresh: true)).device).tokens
        _ = try await fixture.logIn("alice", device: LoginDevice(id: "PHONE"))
        #expect(try await refusal { _ = try await refresh(fixture, first) } == (.unknownToken, false))
    }

    @Test func otherAccessTokensCanExpireToo() async throws {
        let fixture = try fixture(TokenLifetimes(otherAccess: 1000))
        let alice = try await fixture.user("alice")
        #expect(alice.device?.tokens.expiresInMilliseconds == 1000)
        fixture.clock.advance(by: 1000)
        #expect(!fixture.isLoggedIn(alice))
    }

    @Test func twoRefreshesAtATimeLeaveOneGoodPair() async throws {
        let fixture = try fixture()
        let tokens = try await logIn(fixture)
        async let left = refresh(fixture, tokens)
        async let right = refresh(fixture, tokens)
        let pairs = try await [left, right]
        #expect(pairs.filter { isGood(fixture, $0) }.count == 1)
    }
}
