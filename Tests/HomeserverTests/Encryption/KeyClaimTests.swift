import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// "One-time and fallback keys".
@Suite struct KeyClaimTests {
    @Test func keysAreHandedOutOnceInTheOrderOfTheirUploads() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        // Names that sort against the order of the uploads.
        for id in [9, 5, 7, 1] {
            _ = try await fixture.encryption.uploadKeys(["one_time_keys": .object(TestKeys.oneTimeKeys([id]))], for: alice)
        }
        var claimed: [String] = []
        while let key = try await fixture.claim(alice.userID, device) { claimed += key.keys }
        #expect(claimed == [9, 5, 7, 1].map { "signed_curve25519:\($0)" })
        #expect(try await fixture.encryption.uploadKeys([:], for: alice) == ["signed_curve25519": 0])
    }

    @Test func ofClaimsAtTheSameTimeEachGetsAnotherKey() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        _ = try await fixture.encryption.uploadKeys(["one_time_keys": .object(TestKeys.oneTimeKeys(0..<40))], for: alice)
        let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<60 { group.addTask { try await fixture.claim(alice.userID, device)?.keys ?? [] } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == 40 && Set(claimed).count == 40)
    }

    @Test func aFallbackKeyStaysUntilThereIsAnother() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        func unused() throws -> Set<String> {
            try fixture.database.view().keyCounts(of: alice.userID, device: device).unusedFallbackKeys
        }
        let fallback: JSONObject = ["signed_curve25519:F": ["key": "fallback", "fallback": true]]
        _ = try await fixture.encryption.uploadKeys(
            ["one_time_keys": .object(TestKeys.oneTimeKeys([1])), "fallback_keys": .object(fallback)], for: alice)
        #expect(try unused() == ["signed_curve25519"])
        #expect(try await fixture.claim(alice.userID, device)?.keys == ["signed_curve25519:1"])
        #expect(try unused() == ["signed_curve25519"])
        for _ in 0..<3 { #expect(try await fixture.claim(alice.userID, device) == fallback) }
        #expect(try unused() == [])
        // The same one again is no new one.
        _ = try await fixture.encryption.uploadKeys(["fallback_keys": .object(fallback)], for: alice)
        #expect(try unused() == [])
        let next: JSONObject = ["signed_curve25519:G": ["key": "next", "fallback": true]]
        _ = try await fixture.encryption.uploadKeys(["fallback_keys": .object(next)], for: alice)
        #expect(try unused() == ["signed_curve25519"])
        #expect(try await fixture.claim(alice.userID, device) == next)
        #expect(try await fixture.claim(alice.userID, device, "other") == nil)
    }

    @Test func aCopyHandsOutNothingThatTheOriginalMayHave() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        try await fixture.database.settle(at: 1)
        _ = try await fixture.encryption.uploadKeys(
            ["one_time_keys": .object(TestKeys.oneTimeKeys(0..<3)), "fallback_keys": ["signed_curve25519:F": ["key": "f"]]], for: alice)
        try await fixture.database.settle(at: 1)
        #expect(try await fixture.claim(alice.userID, device)?.keys == ["signed_curve25519:0"])
        try await fixture.database.settle(at: 2)
        let counts = try fixture.database.view().keyCounts(of: alice.userID, device: device)
        #expect(counts == KeyCounts(unusedFallbackKeys: ["signed_curve25519"]))
        #expect(try await fixture.claim(alice.userID, device)?.keys == ["signed_curve25519:F"])
    }

    @Test func unknownDevicesAreLeftOutAndServersThatCannotBeReachedAreNamed() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let claims = try KeyClaims([
            alice.userID.string: ["NEVER": "signed_curve25519"], "@nobody:example.org": ["A": "signed_curve25519"],
            "@bob:elsewhere.example": ["B": "signed_curve25519"],
        ])
        let answer = try await fixture.encryption.claimKeys(claims).json()
        #expect(answer["one_time_keys"] == [:])
        #expect(answer["failures"]?.objectValue?.keys == ["elsewhere.example"])
    }

    @Test(
        arguments: [
            (["bob": [:]], .invalidParameter), (["@bob:example.org": []], .badJSON), (["@bob:example.org": ["A": 1]], .badJSON),
        ] as [(JSONObject, MatrixError.Code)])
    func wrongClaimsAreRefused(_ body: JSONObject, _ code: MatrixError.Code) async throws {
        await expect(code, 400) { try KeyClaims(body) }
    }

    @Test func moreClaimsThanACommitHoldsAreAnswered() async throws {
        let fixture = try AccountsFixture()
        let (alice, _) = try await fixture.keys(of: "alice")
        let device = try #require(alice.deviceID)
        _ = try await fixture.encryption.uploadKeys(["one_time_keys": .object(TestKeys.oneTimeKeys(0..<700))], for: alice)
        let claims = [KeyClaim](repeating: KeyClaim(user: alice.userID, device: device, algorithm: "signed_curve25519"), count: 701)
        let keys = try await fixture.database.claim(claims)
        #expect(Set(keys.compactMap { $0?.id }).count == 700 && keys.last == .some(nil))
    }
}
