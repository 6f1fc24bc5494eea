import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "Tracking the device list for a user": `/keys/query`.
@Suite struct KeyQueryTests {
    @Test func devicesComeWithTheirNames() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let bob = try fixture.requester(try await fixture.user("bob"))
        for id in ["PHONE", "TABLET", "SILENT"] {
            let login = try await fixture.logIn("alice", device: LoginDevice(id: id, displayName: id.lowercased()))
            guard id != "SILENT" else { continue }
            _ = try await fixture.encryption.uploadKeys(["device_keys": .object(try keys.device(id))], for: fixture.requester(login))
        }
        let all = try fixture.query([alice.userID.string: []], by: bob)["device_keys", alice.userID.string]?.objectValue
        #expect(all?.keys == ["PHONE", "TABLET"])
        #expect(all?["PHONE"]?["unsigned", "device_display_name"] == "phone")
        let one = try fixture.query([alice.userID.string: ["TABLET", "NEVER"]], by: bob)["device_keys", alice.userID.string]?.objectValue
        #expect(one?.keys == ["TABLET"])
        try await fixture.accounts.rename("PHONE", to: "Kitchen", for: alice)
        let renamed = try fixture.query([alice.userID.string: ["PHONE"]], by: bob)
        #expect(renamed["device_keys", alice.userID.string, "PHONE", "unsigned", "device_display_name"] == "Kitchen")
    }

    @Test func usersWithoutKeysAreThereUnknownOnesAreNot() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let answer = try fixture.query(
            [alice.userID.string: [], "@nobody:example.org": [], "@bob:elsewhere.example": []], by: alice)
        #expect(answer["device_keys"] == .object([alice.userID.string: [:]]))
        for name in ["master_keys", "self_signing_keys", "user_signing_keys"] { #expect(answer[name] == [:]) }
        #expect(answer["failures"]?.objectValue?.keys == ["elsewhere.example"])
    }

    @Test(
        arguments: [
            (["@bob:example.org": [:]], .badJSON), (["@bob:example.org": [1]], .badJSON), (["bob": []], .invalidParameter),
        ] as [(JSONObject, MatrixError.Code)])
    func wrongQueriesAreRefused(_ body: JSONObject, _ code: MatrixError.Code) async throws {
        await expect(code, 400) { try KeyQuery(body) }
    }

    @Test func thereAreOnlySoManyUsersInOneQuery() async throws {
        let many = (0...EncryptionLimits.queriedMax).reduce(into: JSONObject()) { $0["@\($1):example.org"] = [] }
        await expect(.tooLarge, 413) { try KeyQuery(many) }
        let devices = (0...EncryptionLimits.queriedMax).reduce(into: JSONObject()) { $0["\($1)"] = "a" }
        await expect(.tooLarge, 413) { try KeyClaims(["@bob:example.org": .object(devices)]) }
        let named = (0..<EncryptionLimits.queriedMax).map { JSONValue.string("\($0)") }
        await expect(.tooLarge, 413) { try KeyQuery(["@bob:example.org": .array(named)]) }
        _ = try KeyQuery(["@bob:example.org": .array(Array(named.dropLast()))])
    }

    @Test func aDeviceThatIsNamedOftenIsToldOnce() async throws {
        let fixture = try AccountsFixture()
        let (alice, keys) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        _ = try await fixture.encryption.uploadKeys(["device_keys": .object(try keys.device(device))], for: alice)
        let once = try fixture.query([alice.userID.string: [device]], by: alice)
        let often = try KeyQuery([alice.userID.string: .array([JSONValue](repeating: .string(device), count: 100_000))])
        let answer = try fixture.encryption.queryKeys(often, for: alice)
        #expect(try answer.json() == once)
        #expect(answer.count == once.encoded().count)
    }
}
