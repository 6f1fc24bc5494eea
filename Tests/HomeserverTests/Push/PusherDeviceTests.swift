import AccountsDatabase
import Homeserver
import MatrixProtocol
import Testing

/// With which device a pusher goes.
@Suite struct PusherDeviceTests {
    private let fixture: AccountsFixture

    init() throws { fixture = try AccountsFixture() }

    private func set(from requester: Requester, isEnabled: Bool = true) async throws {
        let pusher = Pusher(
            appID: "com.example.app", pushKey: "key", kind: .http, appDisplayName: "App", deviceDisplayName: "Phone", profileTag: nil,
            language: "en", data: ["url": "https://gateway.example/_matrix/push/v1/notify"], isEnabled: isEnabled,
            device: requester.deviceID)
        _ = try await fixture.database.set(pusher, of: requester.userID, keepsOthers: false)
    }

    /// MSC3881: one session pauses what is sent to another one.
    @Test func aPusherStaysWithTheDeviceThatItWasFirstSetFrom() async throws {
        let phone = try fixture.requester(try await fixture.user("alice"))
        let desktop = try fixture.requester(try await fixture.logIn("alice"))
        func pushers() throws -> [Pusher] { try fixture.database.view().pushers(of: phone.userID) }
        try await set(from: phone)
        try await set(from: desktop, isEnabled: false)
        #expect(try pushers().map(\.device) == [phone.deviceID])
        #expect(try pushers().map(\.isEnabled) == [false])
        try await fixture.accounts.logOut(desktop)
        #expect(try pushers().count == 1)
        try await fixture.accounts.logOut(phone)
        #expect(try pushers().isEmpty)
    }
}
