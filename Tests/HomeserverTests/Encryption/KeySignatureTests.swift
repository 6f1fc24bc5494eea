import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Cross-signing": what is signed by the keys.
@Suite struct KeySignatureTests {
    /// Somebody with a device and all keys.
    private struct Person {
        let requester: Requester
        let keys: TestKeys
        var user: UserID { requester.userID }
        var device: String { requester.deviceID ?? "" }
        /// What the master key is called in a request.
        var masterName: String { keys.master.verifyKey.base64 }

        init(_ name: String, seed: UInt8, _ fixture: AccountsFixture) async throws {
            requester = try fixture.requester(try await fixture.user(name))
            keys = try TestKeys(requester.userID, seed: seed)
            _ = try await fixture.encryption.uploadKeys(
                ["device_keys": .object(try keys.device(requester.deviceID ?? ""))], for: requester)
            try await fixture.encryption.uploadCrossSigningKeys(keys.upload(), for: requester, auth: nil)
        }

        /// The object with only a signature of this person's.
        func sign(_ object: JSONObject, _ usage: CrossSigningUsage) throws -> JSONValue {
            var bare = object
            bare["signatures"] = nil
            return .object(try TestKeys.signed(bare, by: user, TestKeys.id(of: keys[usage]), keys[usage]))
        }

        /// The same by the person's device.
        func signByDevice(_ object: JSONObject) throws -> JSONValue {
            .object(try TestKeys.signed(object, by: user, "ed25519:\(device)", try TestKeys.deviceKey(device)))
        }
    }

    private func upload(_ body: JSONObject, _ fixture: AccountsFixture, _ person: Person) async throws -> JSONObject {
        try await fixture.encryption.uploadSignatures(SignatureUpload(body), for: person.requester)
    }

    private func signatures(on section: String, _ path: String..., in answer: JSONValue) -> JSONValue? {
        path.reduce(answer[section]) { $0?[$1] }?["signatures"]
    }

    @Test func aUserSignsTheOwnDevicesAndTheyTheUser() async throws {
        let fixture = try AccountsFixture()
        let alice = try await Person("alice", seed: 1, fixture)
        let bob = try await Person("bob", seed: 10, fixture)
        let device = try alice.keys.device(alice.device)
        let master = try alice.keys.crossSigningKey(.master)
        let body: JSONObject = [
            alice.user.string: .object([
                alice.device: try alice.sign(device, .selfSigning), alice.masterName: try alice.signByDevice(master),
            ])
        ]
        #expect(try await upload(body, fixture, alice) == [:])
        #expect(try await upload(body, fixture, alice) == [:])
        let seen = try fixture.query([alice.user.string: []], by: bob.requester)
        let ofDevice = signatures(on: "device_keys", alice.user.string, alice.device, in: seen)?[alice.user.string]?.objectValue
        #expect(Set(ofDevice?.keys ?? []) == ["ed25519:\(alice.device)", TestKeys.id(of: alice.keys.selfSigning)])
        let ofMaster = signatures(on: "master_keys", alice.user.string, in: seen)?[alice.user.string]?.objectValue
        #expect(ofMaster?.keys == ["ed25519:\(alice.device)"])
        // The device's own upload leaves the other's signature there.
        _ = try await fixture.encryption.uploadKeys(["device_keys": .object(device)], for: alice.requester)
        let again = try fixture.query([alice.user.string: []], by: bob.requester)
        #expect(signatures(on: "device_keys", alice.user.string, alice.device, in: again)?[alice.user.string]?.objectValue?.count == 2)
    }

    @Test func whomAUserHasSignedIsSeenByThatUserAlone() async throws {
        let fixture = try AccountsFixture()
        let alice = try await Person("alice", seed: 1, fixture)
        let bob = try await Person("bob", seed: 10, fixture)
        let signed = try alice.sign(bob.keys.crossSigningKey(.master), .userSigning)
        #expect(try await upload([bob.user.string: .object([bob.masterName: signed])], fixture, alice) == [:])
        func signers(for person: Person) throws -> [String]? {
            let answer = try fixture.query([bob.user.string: []], by: person.requester)
            return signatures(on: "master_keys", bob.user.string, in: answer)?.objectValue?.keys
        }
        #expect(try signers(for: alice) == [alice.user.string])
        #expect(try signers(for: bob) == nil)
        // The signature doesn't speak of another key.
        let others = try TestKeys(bob.user, seed: 40)
        try await fixture.database.keepCrossSigningKeys(of: bob.user, ending: nil) { _ in
            [.master: CrossSigningKey(id: TestKeys.id(of: others.master), object: try others.crossSigningKey(.master))]
        }
        #expect(try signers(for: alice) == nil)
    }

    @Test func eachSignatureThatIsNotGoodIsNamed() async throws {
        let fixture = try AccountsFixture()
        let alice = try await Person("alice", seed: 1, fixture)
        let bob = try await Person("bob", seed: 10, fixture)
        let own = try alice.keys.device(alice.device)
        var changed = own
        changed["algorithms"] = ["other"]
        let phone = try alice.keys.device("PHONE")
        let wrongKey = try TestKeys.signed(own, by: alice.user, TestKeys.id(of: alice.keys.selfSigning), alice.keys.userSigning)
        func error(_ owner: Person, _ name: String, _ key: JSONValue) async throws -> JSONValue? {
            let failures = try await upload([owner.user.string: .object([name: key])], fixture, alice)
            return failures[owner.user.string]?[name, "errcode"]
        }
        // Not the key that was uploaded; not signed by the right key; by none that there is; not signed by Alice; nothing at all.
        #expect(try await error(alice, alice.device, alice.sign(changed, .selfSigning)) == "M_INVALID_SIGNATURE")
        #expect(try await error(alice, alice.device, .object(wrongKey)) == "M_INVALID_SIGNATURE")
        #expect(try await error(alice, alice.device, alice.sign(own, .userSigning)) == "M_INVALID_SIGNATURE")
        #expect(try await error(alice, "PHONE", alice.sign(phone, .selfSigning)) == "M_NOT_FOUND")
        #expect(try await error(alice, alice.device, bob.sign(own, .selfSigning)) == "M_INVALID_PARAM")
        #expect(try await error(alice, alice.device, "x") == "M_INVALID_PARAM")
        let byNoDevice = try TestKeys.signed(
            alice.keys.crossSigningKey(.master), by: alice.user, "ed25519:GONE", TestKeys.deviceKey("GONE"))
        #expect(try await error(alice, alice.masterName, .object(byNoDevice)) == "M_INVALID_SIGNATURE")
        // Others' master keys only, and by the user-signing key only.
        let bobsDevice = try bob.keys.device(bob.device)
        #expect(try await error(bob, bob.device, alice.sign(bobsDevice, .userSigning)) == "M_NOT_FOUND")
        let bobsMaster = try bob.keys.crossSigningKey(.master)
        #expect(try await error(bob, bob.masterName, alice.sign(bobsMaster, .selfSigning)) == "M_INVALID_SIGNATURE")
        // One that is good is kept beside one that isn't.
        let failures = try await upload(
            [
                alice.user.string: .object([alice.device: .object(wrongKey)]),
                bob.user.string: .object([bob.masterName: try alice.sign(bobsMaster, .userSigning)]),
            ], fixture, alice)
        #expect(failures.keys == [alice.user.string])
        let seen = try fixture.query([bob.user.string: []], by: alice.requester)
        #expect(signatures(on: "master_keys", bob.user.string, in: seen)?[alice.user.string] != nil)
    }

    @Test func withoutKeysNothingIsSigned() async throws {
        let fixture = try AccountsFixture()
        let bob = try await Person("bob", seed: 10, fixture)
        let (alice, keys) = try await fixture.keys(of: "alice")
        let signed = try TestKeys.signed(
            bob.keys.crossSigningKey(.master), by: alice.userID, TestKeys.id(of: keys.userSigning), keys.userSigning)
        let body: JSONObject = [bob.user.string: .object([bob.masterName: .object(signed)])]
        let failures = try await fixture.encryption.uploadSignatures(SignatureUpload(body), for: alice)
        #expect(failures[bob.user.string]?[bob.masterName, "errcode"] == "M_NOT_FOUND")
        await expect(.badJSON, 400) { try SignatureUpload([bob.user.string: []]) }
        let many = (0...1000).reduce(into: JSONObject()) { $0["\($1)"] = [:] }
        await expect(.tooLarge, 413) { try SignatureUpload([bob.user.string: .object(many)]) }
    }
}
