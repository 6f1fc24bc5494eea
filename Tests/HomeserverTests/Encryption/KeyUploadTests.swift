import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Uploading keys".
@Suite struct KeyUploadTests {
    @Test func keysAreCountedByAlgorithm() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        func upload(_ body: JSONObject) async throws -> JSONObject { try await fixture.encryption.uploadKeys(body, for: alice) }
        #expect(try await upload([:]) == ["signed_curve25519": 0])
        #expect(try await upload(["one_time_keys": .object(TestKeys.oneTimeKeys(0..<50))]) == ["signed_curve25519": 50])
        let others = TestKeys.oneTimeKeys(0..<2, algorithm: "curve25519")
        #expect(try await upload(["one_time_keys": .object(others)]) == ["signed_curve25519": 50, "curve25519": 2])
        // The same ones again.
        #expect(try await upload(["one_time_keys": .object(others)]) == ["signed_curve25519": 50, "curve25519": 2])
    }

    @Test func anotherKeyOfTheSameIDIsRefusedAndNothingIsKept() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        _ = try await fixture.encryption.uploadKeys(["one_time_keys": ["signed_curve25519:1": ["key": "a"]]], for: alice)
        await expect(.unknown, 400) {
            try await fixture.encryption.uploadKeys(
                ["one_time_keys": ["signed_curve25519:1": ["key": "b"], "signed_curve25519:0": ["key": "c"]]], for: alice)
        }
        #expect(try await fixture.encryption.uploadKeys([:], for: alice) == ["signed_curve25519": 1])
    }

    /// A client that doesn't know whether its upload arrived signs the key once more, which gives another signature.
    @Test func theSameKeyWithAnotherSignatureIsTheSame() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        func upload(_ key: JSONValue) async throws -> JSONObject {
            try await fixture.encryption.uploadKeys(["one_time_keys": ["signed_curve25519:1": key]], for: alice)
        }
        func signed(_ key: String, _ signature: String) -> JSONValue {
            ["key": .string(key), "signatures": [alice.userID.string: ["ed25519:X": .string(signature)]]]
        }
        _ = try await upload(signed("a", "first"))
        #expect(try await upload(signed("a", "second")) == ["signed_curve25519": 1])
        await expect(.unknown, 400) { try await upload(signed("b", "second")) }
        await expect(.unknown, 400) { try await upload("a") }
        let device = try #require(alice.deviceID)
        #expect(try await fixture.claim(alice.userID, device)?["signed_curve25519:1"] == signed("a", "first"))
    }

    @Test func aDeviceHasOnlySoManyKeys() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let full: JSONObject = ["one_time_keys": .object(TestKeys.oneTimeKeys(0..<EncryptionLimits.oneTimeKeysMax))]
        _ = try await fixture.encryption.uploadKeys(full, for: alice)
        await expect(.limitExceeded, 400) {
            try await fixture.encryption.uploadKeys(["one_time_keys": .object(TestKeys.oneTimeKeys(2000..<2001))], for: alice)
        }
        await expect(.limitExceeded, 400) {
            try await fixture.encryption.uploadKeys(
                ["one_time_keys": .object(TestKeys.oneTimeKeys(0...EncryptionLimits.oneTimeKeysMax))], for: alice)
        }
    }

    @Test func keysAreQueriedAsTheyWereUploaded() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        var uploaded = try keys.device(device)
        uploaded["org.example.more"] = [1]
        var sent = uploaded
        sent["unsigned"] = ["device_display_name": "made up"]
        _ = try await fixture.encryption.uploadKeys(["device_keys": .object(sent)], for: alice)
        uploaded["unsigned"] = [:]
        let found = try fixture.query([alice.userID.string: []], by: alice)["device_keys", alice.userID.string]
        #expect(found == .object([device: .object(uploaded)]))
    }

    @Test func emptySignaturesAreFine() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        var device = try keys.device(try #require(alice.deviceID))
        device["signatures"] = [:]
        _ = try await fixture.encryption.uploadKeys(["device_keys": .object(device)], for: alice)
    }

    @Test(
        arguments: [
            ["user_id": "@bob:example.org"], ["device_id": "OTHER"], ["user_id": nil], ["device_id": nil], ["algorithms": nil],
            ["algorithms": [1]], ["keys": nil], ["keys": ["ed25519:X": 1]], ["signatures": nil],
            ["signatures": ["@alice:example.org": "x"]],
        ] as [[String: JSONValue?]])
    func wrongDeviceKeysAreRefused(_ changes: [String: JSONValue?]) async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        var device = try keys.device(try #require(alice.deviceID))
        for (name, value) in changes { device[name] = value }
        await expect(.badJSON, 400) {
            try await fixture.encryption.uploadKeys(["device_keys": .object(device)], for: alice)
        }
    }

    @Test(
        arguments: [
            (["device_keys": []], .badJSON), (["device_keys": .null], .badJSON), (["one_time_keys": []], .badJSON),
            (["fallback_keys": "x"], .badJSON),
            (["one_time_keys": ["signed_curve25519": ["key": "a"]]], .badJSON), (["one_time_keys": ["a:1:2": ["key": "a"]]], .badJSON),
            (["one_time_keys": [":1": ["key": "a"]]], .badJSON), (["one_time_keys": ["a:": ["key": "a"]]], .badJSON),
            (["one_time_keys": ["a:1": 1]], .badJSON), (["one_time_keys": ["a:1": ["no_key": "a"]]], .badJSON),
            (["fallback_keys": ["a:1": "x", "a:2": "y"]], .invalidParameter),
            (["fallback_keys": ["\(String(repeating: "a", count: 65)):1": "x"]], .invalidParameter),
        ] as [(JSONObject, MatrixError.Code)])
    func wrongUploadsAreRefused(_ body: JSONObject, _ code: MatrixError.Code) async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        await expect(code, 400) { try await fixture.encryption.uploadKeys(body, for: alice) }
    }

    @Test func aDeviceHasKeysOfAFewAlgorithmsOnly() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        for kind in ["one_time_keys", "fallback_keys"] {
            for number in 0..<KeyCounts.algorithmsMax {
                _ = try await fixture.encryption.uploadKeys([kind: ["algorithm\(number):1": "x"]], for: alice)
            }
            await expect(.invalidParameter, 400) { try await fixture.encryption.uploadKeys([kind: ["another:1": "x"]], for: alice) }
            // The known ones go on.
            _ = try await fixture.encryption.uploadKeys([kind: ["algorithm0:2": "x"]], for: alice)
        }
        // Those that were handed out are there still.
        let device = try #require(alice.deviceID)
        for _ in 0..<3 { _ = try await fixture.claim(alice.userID, device, "algorithm0") }
        await expect(.invalidParameter, 400) { try await fixture.encryption.uploadKeys(["fallback_keys": ["another:1": "x"]], for: alice) }
    }

    @Test func manyKeysWithLongNamesAreTooLarge() async throws {
        let fixture = try AccountsFixture()
        try await fixture.user("alice")
        let alice = try fixture.requester(try await fixture.logIn("alice", device: LoginDevice(id: String(repeating: "D", count: 255))))
        let name = String(repeating: "k", count: 240)
        let many = (0..<EncryptionLimits.oneTimeKeysMax).reduce(into: JSONObject()) { $0["a:\(name)\($1)"] = "a value of some length" }
        await expect(.tooLarge, 413) { try await fixture.encryption.uploadKeys(["one_time_keys": .object(many)], for: alice) }
    }

    @Test func largeKeysAndTokensWithoutADeviceAreRefused() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let large = JSONValue.string(String(repeating: "x", count: EncryptionLimits.keySizeMaxBytes))
        await expect(.tooLarge, 413) { try await fixture.encryption.uploadKeys(["one_time_keys": ["a:1": large]], for: alice) }
        let nearlyLarge = JSONValue.string(String(repeating: "x", count: EncryptionLimits.keySizeMaxBytes - 2))
        let many = (0..<9).reduce(into: JSONObject()) { $0["a:\($1)"] = nearlyLarge }
        await expect(.tooLarge, 413) { try await fixture.encryption.uploadKeys(["one_time_keys": .object(many)], for: alice) }
        let nobody = Requester(userID: alice.userID, deviceID: nil)
        await expect(.invalidParameter, 400) { try await fixture.encryption.uploadKeys([:], for: nobody) }
        let gone = Requester(userID: alice.userID, deviceID: "GONE")
        await expect(.unknownToken, 401) { try await fixture.encryption.uploadKeys([:], for: gone) }
    }
}
