import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// Devices that nobody is logged in on (MSC3814).
@Suite struct DehydratedDeviceTests {
    private static let data: JSONObject = ["algorithm": "org.matrix.msc3814.v1.olm", "account": "x"]

    private func keep(
        _ id: String, _ fixture: AccountsFixture, _ requester: Requester, _ keys: TestKeys, setting changes: [String: JSONValue?] = [:],
        data: JSONObject = data
    ) async throws {
        var device = try keys.device(id)
        device["dehydrated"] = true
        var body: JSONObject = [
            "device_keys": .object(device), "one_time_keys": .object(TestKeys.oneTimeKeys([1])),
            "fallback_keys": ["signed_curve25519:F": ["key": "fallback"]],
        ]
        for (name, value) in changes { body[name] = value }
        _ = try await fixture.encryption.keepDehydratedDevice(id, data: data, displayName: "Dehydrated", keys: body, for: requester)
    }

    @Test func itIsADeviceLikeAnyOtherAndReplacesTheOneBefore() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        await expect(.notFound, 404) { try fixture.encryption.dehydratedDevice(for: alice) }
        try await keep("DRY", fixture, alice, keys)
        #expect(try fixture.encryption.dehydratedDevice(for: alice) == ["device_id": "DRY", "device_data": .object(Self.data)])
        #expect(try fixture.accounts.device("DRY", for: alice)["display_name"] == "Dehydrated")
        let queried = try fixture.query([alice.userID.string: []], by: alice)["device_keys", alice.userID.string]
        #expect(queried?["DRY", "dehydrated"] == true)
        for key in ["signed_curve25519:1", "signed_curve25519:F"] {
            #expect(try await fixture.claim(alice.userID, "DRY")?.keys == [key])
        }

        try await keep("DRIER", fixture, alice, keys)
        #expect(try fixture.encryption.dehydratedDevice(for: alice)["device_id"] == "DRIER")
        await expect(.notFound, 404) { try fixture.accounts.device("DRY", for: alice) }
        #expect(try await fixture.claim(alice.userID, "DRY") == nil)
        // The same ID again.
        try await keep("DRIER", fixture, alice, keys)
        #expect(try await fixture.encryption.removeDehydratedDevice(for: alice) == "DRIER")
        await expect(.notFound, 404) { try await fixture.encryption.removeDehydratedDevice(for: alice) }
        #expect(try fixture.accounts.devices(for: alice).count == 1)
    }

    @Test func itGoesWhenAllDevicesGo() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        try await keep("DRY", fixture, alice, keys)
        try await fixture.accounts.logOutEverywhere(alice)
        let again = try fixture.requester(try await fixture.logIn("alice"))
        await expect(.notFound, 404) { try fixture.encryption.dehydratedDevice(for: again) }
    }

    @Test func whoLogsInOnItMakesItADeviceLikeTheOthers() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        try await keep("DRY", fixture, alice, keys)
        let login = try await fixture.logIn("alice", device: LoginDevice(id: "DRY"))
        await expect(.notFound, 404) { try fixture.encryption.dehydratedDevice(for: alice) }
        try await keep("DRIER", fixture, alice, keys)
        #expect(fixture.isLoggedIn(login))
    }

    @Test func whatIsWrongIsRefused() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        await expect(.missingParameter, 400) { try await keep("DRY", fixture, alice, keys, setting: ["device_keys": nil]) }
        await expect(.badJSON, 400) { try await keep("DRY", fixture, alice, keys, setting: ["device_keys": .null]) }
        await expect(.badJSON, 400) { try await keep("DRY", fixture, alice, keys, setting: ["device_keys": ["user_id": "x"]]) }
        await expect(.badJSON, 400) { try await keep("DRY", fixture, alice, keys, data: [:]) }
        await expect(.invalidParameter, 400) { try await keep("", fixture, alice, keys) }
        // Keys of users are kept under such names.
        await expect(.invalidParameter, 400) { try await keep(TestKeys.id(of: keys.master), fixture, alice, keys) }
        try await fixture.database.keepCrossSigningKeys(of: alice.userID, ending: nil) { _ in
            [.master: CrossSigningKey(id: TestKeys.id(of: keys.master), object: try keys.crossSigningKey(.master))]
        }
        await expect(.forbidden, 400) { try await keep(keys.master.verifyKey.base64, fixture, alice, keys) }
        let own = try #require(alice.deviceID)
        await expect(.invalidParameter, 400) { try await keep(own, fixture, alice, keys) }
        let large: JSONObject = [
            "algorithm": "x", "large": .string(String(repeating: "x", count: EncryptionLimits.dehydratedDeviceSizeMaxBytes)),
        ]
        await expect(.tooLarge, 413) { try await keep("DRY", fixture, alice, keys, data: large) }
        await expect(.notFound, 404) { try fixture.encryption.dehydratedDevice(for: alice) }
    }
}
