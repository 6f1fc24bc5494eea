import CanonicalJSON
import TestSupport
import Testing

/// Email addresses, with a real mail server.
@Suite(.fewAtATime) struct EmailTests {
    /// Follows a message's link and presses the button on its page.
    private func follow(_ message: MailServer.Message, at server: ServerProcess) async throws {
        let link = try #require(message.link)
        #expect(link.hasPrefix("https://matrix.example.org/_martlet/email/validate?"))
        let target = String(link.dropFirst("https://matrix.example.org".count))
        let page = try await server.anybody.request("GET", target)
        #expect(page.status == 200 && String(decoding: page.bytes, as: UTF8.self).contains("<form"))
        let form = try #require(target.split(separator: "?").last)
        let done = try await server.anybody.request(
            "POST", "/_martlet/email/validate", headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(form.utf8))
        #expect(done.status == 200)
    }

    private func credentials(_ sid: JSONValue?, _ secret: String) -> JSONValue {
        ["sid": sid ?? "", "client_secret": "\(secret)"]
    }

    @Test func registrationAdditionAndReset() async throws {
        let mail = try await MailServer()
        var options = ServerProcess.Options()
        options.environment = [
            "MARTLET_PUBLIC_BASE_URL": "https://matrix.example.org/", "MARTLET_EMAIL__HOST": "127.0.0.1",
            "MARTLET_EMAIL__PORT": "\(mail.port)", "MARTLET_EMAIL__SECURITY": "none", "MARTLET_EMAIL__SENDER": "martlet@example.org",
            "MARTLET_REGISTRATION__REQUIRE_EMAIL": "true", "MARTLET_REGISTRATION__REQUIRE_TOKEN": "false",
        ]
        let server = try await ServerProcess.start(options: options)
        #expect(try await server.anybody.get("capabilities").status == 401)

        // Registration.
        let asked = try await server.anybody.post(
            "register", "email", "requestToken", body: ["client_secret": "one", "email": "alice@example.org", "send_attempt": 1]
        ).ok()
        try await follow(mail.message(1), at: server)
        let body: JSONValue = ["username": "alice", "password": "\(testPassword)"]
        let response = try await server.anybody.withAuthentication(to: "/register", body: body) { _ in
            ["threepid_creds": credentials(asked["sid"], "one")]
        }
        let token = try response.ok()["access_token"]?.stringValue
        var alice = server.anybody.with(accessToken: token)
        alice.userID = "@alice:localhost"
        #expect(
            try await alice.get("account", "3pid").ok()["threepids"]?.arrayValue?.first?["address"] == "alice@example.org")

        // Another address.
        try await server.anybody.post(
            "account", "3pid", "email", "requestToken", body: ["client_secret": "two", "email": "alice@example.org", "send_attempt": 1]
        ).fails(400, "M_THREEPID_IN_USE")
        let second = try await server.anybody.post(
            "account", "3pid", "email", "requestToken", body: ["client_secret": "two", "email": "a@example.org", "send_attempt": 1]
        ).ok()
        let addition: JSONObject = [
            "sid": second["sid"] ?? "", "client_secret": "two",
            "auth": [
                "type": "m.login.password", "password": "\(testPassword)",
                "identifier": ["type": "m.id.thirdparty", "medium": "email", "address": "alice@example.org"],
            ],
        ]
        try await alice.post("account", "3pid", "add", body: .object(addition)).fails(400, "M_THREEPID_AUTH_FAILED")
        try await follow(mail.message(2), at: server)
        try await alice.post("account", "3pid", "add", body: .object(addition)).ok()
        try await alice.post("account", "3pid", "delete", body: ["medium": "email", "address": "a@example.org"]).ok()

        // A forgotten password.
        let third = try await server.anybody.post(
            "account", "password", "email", "requestToken",
            body: ["client_secret": "three", "email": "alice@example.org", "send_attempt": 1]
        ).ok()
        try await follow(mail.message(3), at: server)
        let change: JSONValue = ["new_password": "another password"]
        try await server.anybody.withAuthentication(to: "/account/password", body: change) { _ in
            ["threepid_creds": credentials(third["sid"], "three")]
        }.ok()
        try await alice.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        _ = try await alice.logIn(password: "another password")
        #expect(try await server.stop() == .exited(0))
    }

    /// A pusher of the kind `email`.
    @Test func whatIsUnreadIsTold() async throws {
        let mail = try await MailServer()
        var options = ServerProcess.Options()
        options.environment = [
            "MARTLET_PUBLIC_BASE_URL": "https://matrix.example.org/", "MARTLET_EMAIL__HOST": "127.0.0.1",
            "MARTLET_EMAIL__PORT": "\(mail.port)", "MARTLET_EMAIL__SECURITY": "none", "MARTLET_EMAIL__SENDER": "martlet@example.org",
            "MARTLET_EMAIL__NOTIFICATION_DELAY": "1", "MARTLET_REGISTRATION__REQUIRE_TOKEN": "false",
        ]
        let server = try await ServerProcess.start(options: options)
        let (alice, bob) = (try await server.newUser("alice"), try await server.newUser("bob"))
        func pusher(_ address: String) -> JSONValue {
            [
                "kind": "email", "app_id": "m.email", "pushkey": "\(address)", "app_display_name": "Email", "lang": "en",
                "device_display_name": "\(address)", "data": [:],
            ]
        }
        try await bob.post("pushers", "set", body: pusher("bob@example.org")).fails(400, "M_THREEPID_NOT_FOUND")
        let asked = try await server.anybody.post(
            "account", "3pid", "email", "requestToken", body: ["client_secret": "one", "email": "bob@example.org", "send_attempt": 1]
        ).ok()
        try await follow(mail.message(1), at: server)
        let addition: JSONObject = [
            "sid": asked["sid"] ?? "", "client_secret": "one",
            "auth": [
                "type": "m.login.password", "password": "\(testPassword)",
                "identifier": ["type": "m.id.user", "user": "\(bob.userID)"],
            ],
        ]
        try await bob.post("account", "3pid", "add", body: .object(addition)).ok()
        try await bob.post("pushers", "set", body: pusher("bob@example.org")).ok()
        #expect(try await bob.get("pushers").ok()["pushers"]?.arrayValue?.first?["kind"] == "email")

        let room = try #require(
            try await alice.post("createRoom", body: ["preset": "public_chat", "name": "Küche"]).ok()["room_id"]?.stringValue)
        try await bob.post("rooms", room, "join").ok()
        try await alice.put(
            "rooms", room, "send", "m.room.message", "1", body: ["msgtype": "m.text", "body": "tea is ready"]
        ).ok()
        let message = try await mail.message(2)
        #expect(message.envelope.contains("bob@example.org"))
        #expect(message.headers["Subject"] == "1 unread message on localhost")
        #expect(message.text.contains("Küche") && message.text.contains(": tea is ready"))

        let link = try #require(message.headers["List-Unsubscribe"]?.dropFirst().dropLast())
        #expect(message.text.contains(link))
        let target = String(link.dropFirst("https://matrix.example.org".count))
        #expect(try await server.anybody.request("GET", target).status == 200)
        #expect(try await bob.get("pushers").ok()["pushers"]?.arrayValue?.count == 1)
        let form: KeyValuePairs = ["Content-Type": "application/x-www-form-urlencoded"]
        let oneClick = Array("List-Unsubscribe=One-Click".utf8)
        #expect(try await server.anybody.request("POST", target + "x", headers: form, body: oneClick).status == 403)
        #expect(try await server.anybody.request("POST", target, headers: form, body: oneClick).status == 200)
        #expect(try await bob.get("pushers").ok()["pushers"] == [])
        #expect(try await server.stop() == .exited(0))
    }

    @Test func withoutAMailServerTheAnswersSaySo() async throws {
        let alice = try await newUser("alice")
        let email: JSONValue = ["client_secret": "secret", "email": "alice@example.org", "send_attempt": 1]
        let phone: JSONValue = ["client_secret": "secret", "country": "GB", "phone_number": "07700900001", "send_attempt": 1]
        for path in ["register", "account/3pid", "account/password"] {
            let target = "\(MatrixTestClient.clientAPI)/\(path)"
            for (medium, body) in [("email", email), ("msisdn", phone)] {
                let request = "\(target)/\(medium)/requestToken"
                try await anybody().request("POST", request, body: body.encoded()).fails(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED")
                try await anybody().request("POST", request, body: Array("{}".utf8)).fails(400, "M_MISSING_PARAM")
            }
        }
        #expect(try await alice.get("account", "3pid").ok() == ["threepids": []])
        let pusher: JSONValue = [
            "kind": "email", "app_id": "m.email", "pushkey": "alice@example.org", "app_display_name": "Email", "lang": "en",
            "device_display_name": "alice@example.org", "data": [:],
        ]
        try await alice.post("pushers", "set", body: pusher).fails(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED")
        for path in ["delete", "unbind"] {
            let answer = try await alice.post("account", "3pid", path, body: ["medium": "email", "address": "a@example.org"]).ok()
            #expect(answer == ["id_server_unbind_result": "no-support"])
        }
        // Loopback is where no request goes to that a stranger causes.
        let bind: JSONObject = ["sid": "1", "client_secret": "secret", "id_server": "127.0.0.1", "id_access_token": "token"]
        try await alice.post("account", "3pid", "bind", body: .object(bind)).fails(400, "M_SERVER_NOT_TRUSTED")
        try await alice.post("account", "3pid", body: ["three_pid_creds": .object(bind)]).fails(400, "M_SERVER_NOT_TRUSTED")
        try await alice.post("account", "3pid").fails(400, "M_MISSING_PARAM")
        #expect(try await alice.get("capabilities").ok()["capabilities"]?.objectValue?["m.3pid_changes"] == ["enabled": false])
        try await anybody().post("account", "password", body: ["new_password": "another password"]).fails(401, "M_MISSING_TOKEN")
    }
}
