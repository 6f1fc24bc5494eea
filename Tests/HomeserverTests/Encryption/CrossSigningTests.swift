import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoredIdentifiers
import Testing

/// "Cross-signing": the keys.
@Suite struct CrossSigningTests {
    private func upload(
        _ upload: CrossSigningUpload, _ fixture: AccountsFixture, _ requester: Requester, auth: JSONObject? = nil
    ) async throws {
        try await fixture.encryption.uploadCrossSigningKeys(upload, for: requester, auth: auth)
    }

    @Test func theFirstKeysAndTheSameAgainNeedNoPassword() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let bob = try fixture.requester(try await fixture.user("bob"))
        for _ in 0..<2 { try await upload(keys.upload(), fixture, alice) }
        let own = try fixture.query([alice.userID.string: []], by: alice)
        for usage in CrossSigningUsage.allCases {
            #expect(try own["\(usage.rawValue)_keys", alice.userID.string] == .object(keys.crossSigningKey(usage)))
        }
        // What Alice signs others with is nobody's business.
        let seen = try fixture.query([alice.userID.string: []], by: bob)
        #expect(seen["user_signing_keys"] == [:])
        #expect(try seen["self_signing_keys", alice.userID.string] == .object(keys.crossSigningKey(.selfSigning)))
    }

    @Test func otherKeysNeedThePassword() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        try await upload(keys.upload(), fixture, alice)
        let others = try TestKeys(alice.userID, seed: 50).upload()
        let required = try #require(
            await fixture.accounts.challenge { _ in try await upload(others, fixture, alice) })
        #expect(required.flows == [["m.login.password"]])
        let auth = required.auth(
            "m.login.password",
            [
                "identifier": ["type": "m.id.user", "user": .string(alice.userID.string)],
                "password": .string(AccountsFixture.password),
            ])
        // The session is for these keys.
        let third = try TestKeys(alice.userID, seed: 60).upload()
        await expect(.forbidden, 403) { try await upload(third, fixture, alice, auth: auth) }
        try await upload(others, fixture, alice, auth: auth)
        let master = try TestKeys(alice.userID, seed: 50).crossSigningKey(.master)
        #expect(try fixture.query([alice.userID.string: []], by: alice)["master_keys", alice.userID.string] == .object(master))
    }

    @Test func whoEverHadKeysNeedsThePasswordForOthers() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        try await upload(keys.upload(), fixture, alice)
        // As if the key had been removed under its name in some way.
        try await fixture.database.database.commit { commit in
            commit.delete(AccountsMaps.keyIDToKey, TupleKey(alice.userID, TestKeys.id(of: keys.master)))
        }
        let others = try TestKeys(alice.userID, seed: 50).upload()
        #expect(await fixture.accounts.challenge { _ in try await upload(others, fixture, alice) } != nil)
        try await upload(others, fixture, alice, auth: fixture.passwordAuth(alice.userID))
    }

    @Test func noDeviceIsCalledLikeAKeyOfItsUser() async throws {
        let fixture = try AccountsFixture()
        let (_, keys) = try await fixture.keys(of: "alice")
        await expect(.invalidParameter, 400) {
            try await fixture.logIn("alice", device: LoginDevice(id: TestKeys.id(of: keys.master)))
        }
    }

    /// A signature by the device would pass for the user's.
    @Test func noDeviceHasTheIDOfACrossSigningKey() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let early = try await fixture.logIn("alice", device: LoginDevice(id: "EARLY"))
        try await upload(keys.upload(), fixture, alice)
        for key in [keys.master, keys.selfSigning, keys.userSigning] {
            await expect(.forbidden, 400) {
                try await fixture.logIn("alice", device: LoginDevice(id: key.verifyKey.base64))
            }
        }
        #expect(fixture.isLoggedIn(early))
        // Others may call theirs as they like, and a device that is there can be logged in on again.
        _ = try await fixture.user("bob")
        _ = try await fixture.logIn("bob", device: LoginDevice(id: keys.master.verifyKey.base64))
        _ = try await fixture.logIn("alice", device: LoginDevice(id: "EARLY"))
    }

    @Test func ofTwoFirstUploadsAtTheSameTimeOneIsKept() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let uploads = try (0..<8).map { try TestKeys(alice.userID, seed: 20 + 5 * $0).upload() }
        let kept = await withTaskGroup(of: Bool.self) { group in
            for keys in uploads {
                group.addTask { (try? await upload(keys, fixture, alice)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(kept == 1)
    }

    @Test func aKeyWithoutItsMasterIsRefused() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let selfSigning: JSONObject = ["self_signing_key": .object(try keys.crossSigningKey(.selfSigning))]
        let only = try CrossSigningUpload(selfSigning, of: alice.userID)
        await expect(.missingParameter, 400) { try await upload(only, fixture, alice) }
        await expect(.missingParameter, 400) { try await upload(CrossSigningUpload([:], of: alice.userID), fixture, alice) }
        let foreign: JSONObject = [
            "master_key": .object(try TestKeys(alice.userID, seed: 50).crossSigningKey(.master)),
            "self_signing_key": .object(try keys.crossSigningKey(.selfSigning)),
        ]
        await expect(.invalidSignature, 400) {
            try await upload(CrossSigningUpload(foreign, of: alice.userID), fixture, alice)
        }
        // With its master there already, it comes alone.
        let master: JSONObject = ["master_key": .object(try keys.crossSigningKey(.master))]
        try await upload(CrossSigningUpload(master, of: alice.userID), fixture, alice)
        #expect(await fixture.accounts.challenge { _ in try await upload(only, fixture, alice) } != nil)
    }

    @Test func aKeyThatIsCalledLikeADeviceIsRefused() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        _ = try await fixture.logIn("alice", device: LoginDevice(id: keys.selfSigning.verifyKey.base64))
        await expect(.forbidden, 403) { try await upload(keys.upload(), fixture, alice) }
    }

    @Test(
        arguments: [
            (["user_id": "@bob:example.org"], .invalidParameter), (["usage": ["self_signing"]], .invalidParameter),
            (["usage": nil], .invalidParameter), (["keys": nil], .invalidParameter), (["keys": [:]], .invalidParameter),
            (["keys": ["ed25519:AAAA": "AAAA"]], .invalidParameter), (["keys": ["ed25519:a": "b"]], .invalidParameter),
            (["signatures": "x"], .badJSON),
        ] as [([String: JSONValue?], MatrixError.Code)])
    func wrongKeysAreRefused(_ changes: [String: JSONValue?], _ code: MatrixError.Code) async throws {
        let user = UserID(trusted: "@alice:example.org")
        var master = try TestKeys(user).crossSigningKey(.master)
        for (name, value) in changes { master[name] = value }
        await expect(code, 400) { try CrossSigningUpload(["master_key": .object(master)], of: user) }
        await expect(.badJSON, 400) { try CrossSigningUpload(["master_key": []], of: user) }
    }
}
