import AccountsDatabase
import Homeserver
import MatrixProtocol
import Store
import Testing

/// Removing account data (MSC3391), and what goes with a device (MSC3890).
@Suite struct AccountDataRemovalTests {
    private static let room = RoomID(trusted: "!room:example.org")

    private func set(_ type: String, _ json: String, in room: RoomID? = nil, _ fixture: AccountsFixture, _ user: Requester) async throws {
        try await fixture.accounts.setAccountData(of: user.userID, in: room, type: type, to: Array(json.utf8), for: user)
    }

    @Test(arguments: [nil, room])
    func whatIsRemovedIsToldOnceAndThenGone(_ room: RoomID?) async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        for isRemovedByEmptyContent in [false, true] {
            try await set("some.type", #"{"a":1}"#, in: room, fixture, alice)
            let position = fixture.database.snapshot().position
            if isRemovedByEmptyContent {
                try await set("some.type", "{}", in: room, fixture, alice)
            } else {
                try await fixture.accounts.removeAccountData(of: alice.userID, in: room, type: "some.type", for: alice)
            }
            await expect(.notFound, 404) {
                try fixture.accounts.accountData(of: alice.userID, in: room, type: "some.type", for: alice)
            }
            let view = fixture.database.view()
            let told = try view.accountData(of: alice.userID, after: position)
            #expect(told.map(\.type) == ["some.type"] && told.map(\.content) == [Array("{}".utf8)])
            #expect(try view.accountData(of: alice.userID, after: nil).isEmpty)
            #expect(try view.accountData(of: alice.userID, in: room).isEmpty)
        }
    }

    @Test func removingWhatIsNotThereChangesNothing() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let before = fixture.database.snapshot().position
        try await fixture.accounts.removeAccountData(of: alice.userID, in: nil, type: "some.type", for: alice)
        #expect(fixture.database.snapshot().position == before)
    }

    @Test func notOthersAndNotTheServersOwn() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let bob = try fixture.requester(try await fixture.user("bob"))
        await expect(.forbidden, 403) {
            try await fixture.accounts.removeAccountData(of: alice.userID, in: nil, type: "some.type", for: bob)
        }
        for type in ["m.push_rules", "m.fully_read"] {
            await expect(.badJSON, 405) { try await fixture.accounts.removeAccountData(of: alice.userID, in: nil, type: type, for: alice) }
        }
    }

    @Test func aDevicesNotificationSettingsGoWithIt() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let tablet = try await fixture.logIn("alice", device: LoginDevice(id: "TABLET"))
        let types = ["m.local_notification_settings", "org.matrix.msc3890.local_notification_settings"]
        for type in types {
            for device in ["TABLET", "OTHER"] { try await set("\(type).\(device)", #"{"is_silenced":true}"#, fixture, alice) }
        }
        try await fixture.accounts.logOut(fixture.requester(tablet))
        for type in types {
            await expect(.notFound, 404) {
                try fixture.accounts.accountData(of: alice.userID, in: nil, type: "\(type).TABLET", for: alice)
            }
            _ = try fixture.accounts.accountData(of: alice.userID, in: nil, type: "\(type).OTHER", for: alice)
        }
    }
}
