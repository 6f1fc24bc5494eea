import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Device Management".
@Suite struct DevicesTests {
    private func remove(_ devices: [String], _ fixture: AccountsFixture, _ requester: Requester) async throws {
        let required = try #require(
            await fixture.accounts.challenge { try await $0.remove(devices, for: requester, auth: nil) })
        #expect(required.flows == [["m.login.password"]])
        try await fixture.accounts.remove(devices, for: requester, auth: required.auth("m.login.password", credentials(requester)))
    }

    private func credentials(_ requester: Requester, _ password: String = AccountsFixture.password) -> JSONObject {
        ["identifier": ["type": "m.id.user", "user": .string(requester.userID.string)], "password": .string(password)]
    }

    @Test func devicesAreListedWithWhatIsKnownOfThem() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let login = try await fixture.logIn(
            "alice", device: LoginDevice(id: "PHONE", displayName: "Phone", address: "192.0.2.7"))
        #expect(try fixture.accounts.devices(for: alice).count == 2)
        let phone: JSONObject = [
            "device_id": "PHONE", "display_name": "Phone", "last_seen_ip": "192.0.2.7", "last_seen_ts": .integer(fixture.clock.now()),
        ]
        #expect(try fixture.accounts.devices(for: alice).contains(phone))
        #expect(try fixture.accounts.device("PHONE", for: fixture.requester(login)) == phone)
        await expect(.notFound, 404) { try fixture.accounts.device("TABLET", for: alice) }
        let bob = try fixture.requester(try await fixture.user("bob"))
        await expect(.notFound, 404) { try fixture.accounts.device("PHONE", for: bob) }
    }

    @Test func whenADeviceWasSeenIsWrittenDownEveryFewMinutes() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let device = try #require(alice.deviceID)
        func use(from address: String, after milliseconds: Int64) async throws -> JSONObject {
            fixture.clock.advance(by: milliseconds)
            fixture.accounts.noteUse(by: alice, from: address)
            for _ in 0..<2000 {
                let seen = try fixture.accounts.device(device, for: alice)
                if seen["last_seen_ts"] == .integer(fixture.clock.now()) { return seen }
                try await SystemClock().sleep(milliseconds: 1)
            }
            return try fixture.accounts.device(device, for: alice)
        }
        #expect(try await use(from: "192.0.2.7", after: 1000)["last_seen_ip"] == "192.0.2.7")
        // From elsewhere it is news at once; from there again only later.
        let elsewhere = try await use(from: "192.0.2.8", after: 1000)
        #expect(elsewhere["last_seen_ip"] == "192.0.2.8")
        fixture.clock.advance(by: 1000)
        fixture.accounts.noteUse(by: alice, from: "192.0.2.7")
        #expect(try fixture.accounts.device(device, for: alice) == elsewhere)
        #expect(try await use(from: "192.0.2.7", after: 5 * 60 * 1000)["last_seen_ip"] == "192.0.2.7")
    }

    @Test func aDeviceGetsAnotherName() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let device = try #require(alice.deviceID)
        try await fixture.accounts.rename(device, to: "Kitchen", for: alice)
        try await fixture.accounts.rename(device, to: nil, for: alice)
        #expect(try fixture.accounts.device(device, for: alice)["display_name"] == "Kitchen")
        await expect(.notFound, 404) { try await fixture.accounts.rename("TABLET", to: "Tablet", for: alice) }
        await expect(.notFound, 404) { try await fixture.accounts.rename("TABLET", to: nil, for: alice) }
        await expect(.tooLarge, 400) {
            try await fixture.accounts.rename(device, to: String(repeating: "x", count: 401), for: alice)
        }
    }

    @Test func aPasswordRemovesDevicesWithTheirTokensAndKeys() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let phone = try await fixture.logIn("alice", device: LoginDevice(id: "PHONE"))
        let tablet = try await fixture.logIn("alice", device: LoginDevice(id: "TABLET"))
        _ = try await fixture.encryption.uploadKeys(
            ["device_keys": .object(try keys.device("PHONE")), "one_time_keys": .object(TestKeys.oneTimeKeys(0..<3))],
            for: fixture.requester(phone))
        try await remove(["PHONE", "NEVER"], fixture, alice)
        #expect(!fixture.isLoggedIn(phone) && fixture.isLoggedIn(tablet))
        #expect(try fixture.accounts.devices(for: alice).count == 2)
        #expect(try fixture.query([alice.userID.string: []], by: alice)["device_keys", alice.userID.string] == [:])
        #expect(try await fixture.claim(alice.userID, "PHONE") == nil)
        // Removed already.
        try await remove(["PHONE"], fixture, alice)
        // A new device of this ID has nothing of the old one.
        let again = try fixture.requester(try await fixture.logIn("alice", device: LoginDevice(id: "PHONE")))
        #expect(try await fixture.encryption.uploadKeys([:], for: again) == ["signed_curve25519": 0])
    }

    @Test func aSessionIsForTheDevicesThatWereNamed() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        _ = try await fixture.logIn("alice", device: LoginDevice(id: "PHONE"))
        let required = try #require(
            await fixture.accounts.challenge { try await $0.remove(["NEVER"], for: alice, auth: nil) })
        let auth = required.auth("m.login.password", credentials(alice))
        await expect(.forbidden, 403) { try await fixture.accounts.remove(["PHONE"], for: alice, auth: auth) }
        let wrong = required.auth("m.login.password", credentials(alice, "wrong"))
        let refused = await fixture.accounts.challenge { try await $0.remove(["NEVER"], for: alice, auth: wrong) }
        #expect(refused?.errcode == "M_FORBIDDEN")
        await expect(.invalidParameter, 400) {
            try await fixture.accounts.remove((0..<1001).map { "D\($0)" }, for: alice, auth: nil)
        }
    }
}
