import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoredIdentifiers
import Testing

/// Users with more devices than one commit can change.
@Suite struct ManyDevicesTests {
    private static let count = 600

    /// A user who is logged in on many devices, each with everything that a device has.
    private func user(_ fixture: AccountsFixture) async throws -> Login {
        let alice = try await fixture.user("alice")
        let account = try #require(try fixture.database.view().account(of: alice.user))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.count {
                group.addTask {
                    func hash(_ kind: UInt8) -> [UInt8] { [kind] + UInt64(number).encoded }
                    let tokens = NewTokens(accessHash: hash(1), refreshHash: hash(2))
                    let login = NewLogin(device: "DEVICE\(number)", tokens: tokens, displayName: nil, address: nil)
                    try await fixture.database.logIn(alice.user, as: account, login, devicesMax: .max)
                    try await fixture.database.setAccountData(
                        of: alice.user, in: nil, type: "m.local_notification_settings.DEVICE\(number)", to: Array(#"{"a":1}"#.utf8))
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.database.view().devices(of: alice.user).count == Self.count + 1)
        return alice
    }

    /// Whether nothing is left of the many.
    private func areGone(_ fixture: AccountsFixture, _ user: UserID) throws -> Bool {
        let view = fixture.database.view()
        let tokens = try (0..<Self.count).filter { number in
            let number = UInt64(number).encoded
            return try view.owner(ofTokenHash: [1] + number) != nil || view.refreshToken(ofHash: [2] + number) != nil
        }
        return try tokens.isEmpty && view.devices(of: user).count <= 1 && fixture.jobs.all().isEmpty
    }

    @Test func allAreLoggedOut() async throws {
        let fixture = try AccountsFixture()
        let alice = try await user(fixture)
        try await fixture.accounts.logOutEverywhere(fixture.requester(alice))
        #expect(try areGone(fixture, alice.user))
        #expect(!fixture.isLoggedIn(alice))
    }

    @Test func aNewPasswordLogsAllOthersOut() async throws {
        let fixture = try AccountsFixture()
        let alice = try await user(fixture)
        try await fixture.accounts.changePassword(
            of: fixture.requester(alice), to: "another password", logsOutDevices: true, auth: fixture.passwordAuth(alice))
        #expect(try areGone(fixture, alice.user))
        #expect(fixture.isLoggedIn(alice))
    }

    @Test func theAccountIsDeactivated() async throws {
        let fixture = try AccountsFixture()
        let alice = try await user(fixture)
        try await fixture.accounts.deactivate(fixture.requester(alice), isErased: false, auth: fixture.passwordAuth(alice))
        #expect(try areGone(fixture, alice.user))
        #expect(try fixture.database.view().accountData(of: alice.user, after: nil).isEmpty)
    }

    @Test func manyAreRemovedAtOnce() async throws {
        let fixture = try AccountsFixture()
        let alice = try await user(fixture)
        try await fixture.accounts.remove(
            (0..<Self.count).map { "DEVICE\($0)" }, for: fixture.requester(alice), auth: fixture.passwordAuth(alice))
        #expect(try areGone(fixture, alice.user))
        #expect(fixture.isLoggedIn(alice))
    }

    /// What a stop of the server has left undone is done after the next start.
    @Test func theRestIsLoggedOutAfterARestart() async throws {
        let fixture = try AccountsFixture()
        let alice = try await user(fixture)
        // These jobs end before they have done anything.
        let stopped = Jobs(of: fixture.database.database, kinds: [LoginRemoval.goingOn], environment: fixture.environment)
        await stopped.stop()
        #expect(try await fixture.database.logOutEverywhere(alice.user, goingOnIn: stopped) != nil)
        #expect(try !areGone(fixture, alice.user))
        try fixture.jobs.resume()
        for status in try fixture.jobs.all() { try await fixture.jobs.wait(for: status.id) }
        #expect(try areGone(fixture, alice.user))
    }

    @Test func aLoginTooManyTakesThePlaceOfTheOneThatWasSeenLongestAgo() async throws {
        var settings = AccountsSettings(token: AccountsFixture.token)
        settings.devicesMax = 3
        let fixture = try AccountsFixture(settings)
        let first = try await fixture.user("alice")
        var others: [Login] = []
        for _ in 0..<2 {
            fixture.clock.advance(by: 1000)
            others.append(try await fixture.logIn("alice"))
        }
        fixture.clock.advance(by: 1000)
        let device = try #require(first.device)
        try await fixture.database.noteSeen(device.id, of: first.user, from: nil)
        fixture.clock.advance(by: 1000)
        let last = try await fixture.logIn("alice")
        #expect([first, last, others[1]].allSatisfy(fixture.isLoggedIn))
        #expect(!fixture.isLoggedIn(others[0]))
        // A device that is there already takes no more room.
        _ = try await fixture.logIn("alice", device: LoginDevice(id: device.id))
        #expect([last, others[1]].allSatisfy(fixture.isLoggedIn))
    }

    /// Each claim writes down how many keys are left, by algorithm.
    @Test func keysOfManyDevicesAreClaimedAtOnce() async throws {
        let fixture = try AccountsFixture()
        let alice = UserID(trusted: "@alice:example.org")
        let algorithms = (0..<KeyCounts.algorithmsMax).map { "\($0)" + String(repeating: "a", count: 63) }
        let devices = (0..<Self.count).map { "\($0)" + String(repeating: "D", count: 240) }
        for some in stride(from: 0, to: devices.count, by: 100) {
            try await fixture.database.database.commit { commit in
                for device in devices[some..<some + 100] {
                    let key = TupleKey(alice, device, algorithms[0], KeyUploadID(number: 1), "1")
                    commit.putUncounted(AccountsMaps.oneTimeKeys, key, Array(#""key""#.utf8))
                    let counts = KeyCounts(oneTimeKeys: .init(uniqueKeysWithValues: algorithms.map { ($0, 1) }))
                    commit.putUncounted(AccountsMaps.keyCounts, TupleKey(alice, device), counts)
                }
            }
        }
        let claims = devices.map { KeyClaim(user: alice, device: $0, algorithm: algorithms[0]) }
        let claimed = try await fixture.database.claim(claims)
        #expect(claimed.count == Self.count && claimed.allSatisfy { $0?.id == "1" })
    }
}
