import CanonicalJSON
import TestSupport
import Testing

/// Notices of the administrators.
@Suite(.fewAtATime) struct ServerNoticeTests {
    private static let path = "/_synapse/admin/v1/send_server_notice"
    private static let content: JSONValue = ["msgtype": "m.text", "body": "maintenance at noon"]

    @Test func anAdministratorSendsANotice() async throws {
        var options = ServerProcess.Options()
        options.environment = ["MARTLET_SERVER_NOTICES__USER": "notices", "MARTLET_REGISTRATION__SHARED_SECRET": "hidden"]
        let server = try await ServerProcess.start(options: options)
        let admin = try await server.anybody.registerAdministrator(sharedSecret: "hidden")
        let bob = try await server.newUser("bob")
        let body: JSONValue = ["user_id": "\(bob.userID)", "content": Self.content]
        try await admin.request("POST", Self.path, body: body.encoded()).ok()
        let first = try await admin.request("PUT", Self.path + "/1", body: body.encoded()).ok()
        #expect(try await admin.request("PUT", Self.path + "/1", body: body.encoded()).ok() == first)

        let sync = try await bob.get("sync").ok()
        let (room, _) = try #require(sync["rooms", "invite"]?.objectValue?.first { _ in true })
        #expect(try await bob.get("user", bob.userID, "rooms", room, "tags").ok() == ["tags": ["m.server_notice": [:]]])
        try await bob.post("rooms", room, "leave").fails(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM")
        try await bob.post("rooms", room, "join").ok()
        let event = try #require(first["event_id"]?.stringValue)
        let told = try await bob.get("rooms", room, "event", event).ok()
        #expect(told["content"] == Self.content && told["sender"] == "@notices:localhost")
        try await bob.post("rooms", room, "leave").ok()

        try await bob.request("POST", Self.path, body: body.encoded()).fails(403, "M_FORBIDDEN")
        for wrong in [["user_id": "bob", "content": Self.content], ["user_id": "@nobody:example.org", "content": Self.content]]
            as [JSONValue]
        {
            #expect(try await admin.request("POST", Self.path, body: wrong.encoded()).status == 400)
        }
        let missing: JSONValue = ["user_id": "\(bob.userID)"]
        try await admin.request("POST", Self.path, body: missing.encoded()).fails(400, "M_MISSING_PARAM")
        let command = try await server.martlet("notice", bob.userID, "from the console", "--data", server.dataDirectory)
        #expect(command.status == .exited(0) && command.output.hasPrefix("$"), "\(command.output)")
        let nobody = try await server.martlet("notice", "@nobody:localhost", "x", "--data", server.dataDirectory)
        #expect(nobody.status != .exited(0) && nobody.output.contains("There is no such user"), "\(nobody.output)")
        #expect(try await server.stop() == .exited(0))
    }

    @Test func withoutAUserForThemThereAreNone() async throws {
        let admin = try await anybody().registerAdministrator(sharedSecret: SharedServer.sharedSecret)
        let body: JSONValue = ["user_id": "\(admin.userID)", "content": Self.content]
        try await admin.request("POST", Self.path, body: body.encoded()).fails(400, "M_UNKNOWN")
    }
}
