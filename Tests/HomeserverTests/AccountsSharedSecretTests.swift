import Crypto
import Homeserver
import MatrixProtocol
import Testing

/// Registration with the shared secret, as tools for Synapse do it.
@Suite struct AccountsSharedSecretTests {
    private let settings = AccountsSettings(registrationEnabled: false, sharedSecret: "secret")

    private func request(_ nonce: String, _ name: String = "tool", isAdmin: Bool = false, userType: String? = nil)
        -> SharedSecretRegistration
    {
        let parts = [nonce, name, AccountsFixture.password, isAdmin ? "admin" : "notadmin"] + (userType.map { [$0] } ?? [])
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array(parts.joined(separator: "\0").utf8), using: SymmetricKey(data: Array("secret".utf8)))
        return SharedSecretRegistration(
            nonce: nonce, username: name, password: AccountsFixture.password, isAdmin: isAdmin, userType: userType,
            mac: code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    /// The code of Synapse's own script for these values (computed with Python's hmac).
    @Test func theCodeIsAsInSynapse() {
        #expect(
            request("abcd", "pepper_roni", isAdmin: true).mac
                == "740a9b7a70c9e73525effc49e1cfc2317a95c5b3")
    }

    @Test func theSecretRegistersUsersAndAdministrators() async throws {
        let fixture = try AccountsFixture(settings)
        let user = try await fixture.accounts.register(request(fixture.accounts.makeRegistrationNonce()))
        #expect(user.user.string == "@tool:example.org")
        #expect(try !fixture.requester(user).isAdmin)
        let admin = try await fixture.accounts.register(request(fixture.accounts.makeRegistrationNonce(), "root", isAdmin: true))
        #expect(try fixture.requester(admin).isAdmin)
        let bot = try await fixture.accounts.register(request(fixture.accounts.makeRegistrationNonce(), "bot", userType: "bot"))
        #expect(bot.user.string == "@bot:example.org")
        await expect(.userInUse, 400) { try await fixture.accounts.register(request(fixture.accounts.makeRegistrationNonce())) }
    }

    @Test func whatTheCodeDoesNotCoverIsRefused() async throws {
        let fixture = try AccountsFixture(settings)
        var liar = request(try fixture.accounts.makeRegistrationNonce())
        liar.isAdmin = true
        await expect(.unknown, 403) { try await fixture.accounts.register(liar) }
        for mac in ["", "zz", "00", String(repeating: "0", count: 40)] {
            var wrong = request(try fixture.accounts.makeRegistrationNonce())
            wrong.mac = mac
            await expect(.unknown, 403) { try await fixture.accounts.register(wrong) }
        }
        let unknownType = request(try fixture.accounts.makeRegistrationNonce(), userType: "king")
        await expect(.unknown, 400) { try await fixture.accounts.register(unknownType) }
        let zero = request(try fixture.accounts.makeRegistrationNonce(), "to\0ol")
        await expect(.unknown, 400) { try await fixture.accounts.register(zero) }
    }

    @Test func noncesAreGoodOnceAndForAMinute() async throws {
        let fixture = try AccountsFixture(settings)
        let nonce = try fixture.accounts.makeRegistrationNonce()
        _ = try await fixture.accounts.register(request(nonce))
        await expect(.unknown, 400) { try await fixture.accounts.register(request(nonce, "second")) }
        await expect(.unknown, 400) { try await fixture.accounts.register(request("never given out", "second")) }
        let late = try fixture.accounts.makeRegistrationNonce()
        fixture.clock.advance(by: 60_000)
        await expect(.unknown, 400) { try await fixture.accounts.register(request(late, "second")) }
    }

    @Test func withoutASecretItIsOff() async throws {
        let fixture = try AccountsFixture()
        await expect(.unknown, 400) { try fixture.accounts.makeRegistrationNonce() }
        await expect(.unknown, 400) { try await fixture.accounts.register(request("nonce")) }
    }
}
