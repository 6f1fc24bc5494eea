import CanonicalJSON
import TestSupport
import Testing

/// The endpoints of accounts: tokens, moderation, deactivation, pages, and what clients ask beside.
@Suite(.fewAtATime) struct AccountEndpointTests {
    private static let v1 = "/_matrix/client/v1"

    private func passwordAuth(_ client: MatrixTestClient) -> JSONValue {
        [
            "type": "m.login.password", "password": "\(testPassword)",
            "identifier": ["type": "m.id.user", "user": "\(client.userID)"],
        ]
    }

    /// An administrator of the shared server.
    private func newAdmin() async throws -> MatrixTestClient {
        try await anybody().registerAdministrator(sharedSecret: SharedServer.sharedSecret)
    }

    @Test func tokensAreRefreshed() async throws {
        let alice = try await newUser("alice")
        let login = try await anybody().post(
            "login",
            body: [
                "type": "m.login.password", "refresh_token": true, "password": "\(testPassword)",
                "identifier": ["type": "m.id.user", "user": "\(alice.userID)"],
            ]
        ).ok()
        #expect(login["expires_in_ms"]?.integerValue == 300_000)
        let old = alice.with(accessToken: login["access_token"]?.stringValue)
        try await old.get("account", "whoami").ok()
        let body: JSONValue = ["refresh_token": try #require(login["refresh_token"])]
        let fresh = try await anybody().post("refresh", body: body).ok()
        try await old.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        let new = alice.with(accessToken: fresh["access_token"]?.stringValue)
        #expect(try await new.get("account", "whoami").ok()["device_id"] == login["device_id"])
        try await anybody().post("refresh", body: body).fails(401, "M_UNKNOWN_TOKEN")
        try await anybody().post("refresh", body: ["refresh_token": try #require(fresh["refresh_token"])]).ok()
        try await anybody().post("refresh").fails(400, "M_MISSING_PARAM")
        #expect(try await alice.get("account", "whoami").status == 200)
    }

    @Test func aTokenLogsAnotherDeviceIn() async throws {
        let alice = try await newUser("alice")
        let flows = try await anybody().get("login").ok()["flows"]?.arrayValue
        #expect(flows?.contains(["type": "m.login.token", "get_login_token": true]) == true)
        let first = try await alice.post("login", "get_token", api: Self.v1)
        #expect(first.status == 401 && first.body["flows"] == [["stages": ["m.login.password"]]])
        let token = try await alice.post("login", "get_token", body: ["auth": passwordAuth(alice)], api: Self.v1).ok()
        let body: JSONValue = ["type": "m.login.token", "token": try #require(token["login_token"])]
        #expect(try await anybody().post("login", body: body).ok()["user_id"]?.stringValue == alice.userID)
        try await anybody().post("login", body: body).fails(403, "M_FORBIDDEN")
        try await anybody().post("login", body: ["type": "m.login.token"]).fails(400, "M_MISSING_PARAM")
    }

    @Test func anOpenIDTokenTellsOthersWhoItIs() async throws {
        let alice = try await newUser("alice")
        let token = try await alice.post("user", alice.userID, "openid", "request_token").ok()
        #expect(token["token_type"] == "Bearer" && token["matrix_server_name"] == "localhost" && token["expires_in"] == 3600)
        let path = "/_matrix/federation/v1/openid/userinfo"
        let query = [("access_token", try #require(token["access_token"]?.stringValue))]
        #expect(try await anybody().request("GET", path, query: query).ok()["sub"]?.stringValue == alice.userID)
        try await anybody().request("GET", path, query: [("access_token", "wrong")]).fails(401, "M_UNKNOWN_TOKEN")
        try await anybody().request("GET", path).fails(401, "M_MISSING_TOKEN")
        try await alice.post("user", "@other:localhost", "openid", "request_token").fails(403, "M_FORBIDDEN")
    }

    @Test func aLockedAccountOnlyLogsOut() async throws {
        let (admin, alice) = (try await newAdmin(), try await newUser("alice"))
        let other = try await alice.logIn()
        let api = Self.v1
        try await alice.put("admin", "lock", alice.userID, body: ["locked": true], api: api).fails(403, "M_FORBIDDEN")
        try await admin.put("admin", "lock", alice.userID, body: [:], api: api).fails(400, "M_MISSING_PARAM")
        #expect(try await admin.put("admin", "lock", alice.userID, body: ["locked": true], api: api).ok() == ["locked": true])
        #expect(try await admin.get("admin", "lock", alice.userID, api: api).ok() == ["locked": true])
        let answer = try await alice.get("account", "whoami")
        answer.fails(401, "M_USER_LOCKED")
        #expect(answer.body["soft_logout"] == true)
        try await alice.get("sync").fails(401, "M_USER_LOCKED")
        try await other.post("logout").ok()
        try await admin.put("admin", "lock", alice.userID, body: ["locked": false], api: api).ok()
        try await alice.get("account", "whoami").ok()
        try await other.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        #expect(try await admin.get("capabilities").ok()["capabilities"]?.objectValue?["m.account_moderation"] != nil)
        #expect(try await alice.get("capabilities").ok()["capabilities"]?.objectValue?["m.account_moderation"] == nil)
        let whois = try await admin.get("admin", "whois", alice.userID).ok()
        #expect(whois["user_id"]?.stringValue == alice.userID && whois["devices"]?.objectValue?.keys == [alice.deviceID])
    }

    @Test func aSuspendedAccountReadsAndLeaves() async throws {
        let (admin, alice) = (try await newAdmin(), try await newUser("alice"))
        let room = try await alice.createRoom()
        let event = try await alice.send("mine", to: room)
        try await admin.put("admin", "suspend", alice.userID, body: ["suspended": true], api: Self.v1).ok()
        let body: JSONValue = ["msgtype": "m.text", "body": "no"]
        try await alice.put("rooms", room, "send", "m.room.message", "1", body: body).fails(403, "M_USER_SUSPENDED")
        try await alice.put("profile", alice.userID, "displayname", body: ["displayname": "No"]).fails(403, "M_USER_SUSPENDED")
        try await alice.get("rooms", room, "messages", query: [("dir", "b")]).ok()
        try await alice.put("rooms", room, "redact", event, "2", body: [:]).ok()
        try await alice.post("rooms", room, "leave").ok()
        try await admin.put("admin", "suspend", alice.userID, body: ["suspended": false], api: Self.v1).ok()
        _ = try await alice.createRoom()
    }

    @Test func deactivationEndsEverything() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await bob.join(room)
        try await bob.post("account", "deactivate", body: ["erase": "yes"]).fails(400, "M_BAD_JSON")
        #expect(try await bob.post("account", "deactivate").status == 401)
        let answer = try await bob.post("account", "deactivate", body: ["auth": passwordAuth(bob), "erase": true]).ok()
        #expect(answer["id_server_unbind_result"] == "success")
        try await bob.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        try await anybody().post(
            "login",
            body: [
                "type": "m.login.password", "password": "\(testPassword)",
                "identifier": ["type": "m.id.user", "user": "\(bob.userID)"],
            ]
        ).fails(403, "M_USER_DEACTIVATED")
        var membership: JSONValue?
        // The rooms are left beside the answer.
        for _ in 0..<500 where membership != "leave" {
            membership = try await alice.get("rooms", room, "state", "m.room.member", bob.userID).ok()["membership"]
        }
        #expect(membership == "leave")
    }

    @Test func usersAreFoundAndOtherNetworksAreNot() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let name = unique("Somebody")
        try await bob.put("profile", bob.userID, "displayname", body: ["displayname": "\(name)"]).ok()
        let search: JSONValue = ["search_term": "\(name)", "limit": 5]
        #expect(try await alice.post("user_directory", "search", body: search).ok() == ["results": [], "limited": false])
        _ = try await bob.createRoom(["preset": "public_chat"])
        let found = try await alice.post("user_directory", "search", body: search).ok()
        #expect(found["results"] == [["user_id": "\(bob.userID)", "display_name": "\(name)"]])
        try await alice.post("user_directory", "search").fails(400, "M_MISSING_PARAM")
        try await alice.post("user_directory", "search", body: ["search_term": "a", "limit": 0]).fails(400, "M_BAD_JSON")

        #expect(try await alice.get("thirdparty", "protocols").ok() == [:])
        for kind in ["protocol", "location", "user"] { try await alice.get("thirdparty", kind, "irc").fails(404, "M_NOT_FOUND") }
        #expect(try await alice.get("thirdparty", "user", query: [("userid", alice.userID)]).ok() == [])
        #expect(try await alice.get("thirdparty", "location", query: [("alias", "#a:localhost")]).ok() == [])
        try await alice.get("thirdparty", "user").fails(400, "M_MISSING_PARAM")
        #expect(try await alice.get("voip", "turnServer").ok() == [:])
        #expect(try await alice.get("rtc", "transports", api: "/_matrix/client/unstable/org.matrix.msc4143").ok() == [:])
    }

    @Test func aRegistrationIsCompletedOnPages() async throws {
        let server = try await SharedServer.server
        let body: JSONObject = ["username": "\(unique("pages"))", "password": "\(testPassword)"]
        let first = try await anybody().post("register", body: .object(body))
        let session = try #require(first.body["session"]?.stringValue)
        func page(_ stage: String) -> String { "/_matrix/client/v3/auth/\(stage)/fallback/web" }
        let form = ["Content-Type": "application/x-www-form-urlencoded"] as KeyValuePairs
        let stages = ["m.login.registration_token", "m.login.dummy"]
        for stage in stages {
            let shown = try await anybody().request("GET", page(stage), query: [("session", session)])
            #expect(shown.status == 200 && String(decoding: shown.bytes, as: UTF8.self).contains("<form"))
            #expect(shown.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
        }
        let wrong = try await anybody().request(
            "POST", page(stages[0]), headers: form, body: Array("session=\(session)&token=wrong".utf8))
        #expect(wrong.status == 401)
        for (stage, token) in [(stages[0], "&token=\(server.registrationToken ?? "")"), (stages[1], "")] {
            let done = try await anybody().request("POST", page(stage), headers: form, body: Array("session=\(session)\(token)".utf8))
            #expect(done.status == 200 && String(decoding: done.bytes, as: UTF8.self).contains("onAuthDone"))
        }
        var again = body
        again["auth"] = ["session": "\(session)"]
        try await anybody().post("register", body: .object(again)).ok()
        try await anybody().request("GET", page("m.login.dummy")).fails(400, "M_MISSING_PARAM")
        let login = try await anybody().request("GET", "/_matrix/static/client/login/")
        #expect(login.status == 200 && login.headers["content-type"] == "text/html; charset=utf-8")
    }

    @Test func accountDataIsRemoved() async throws {
        let alice = try await newUser("alice")
        try await alice.put("user", alice.userID, "account_data", "some.type", body: ["a": 1]).ok()
        let since = try #require(try await alice.get("sync").ok()["next_batch"]?.stringValue)
        let api = "/_matrix/client/unstable/org.matrix.msc3391"
        try await alice.delete("user", alice.userID, "account_data", "some.type", api: api).ok()
        try await alice.get("user", alice.userID, "account_data", "some.type").fails(404, "M_NOT_FOUND")
        let sync = try await alice.get("sync", query: [("since", since)]).ok()
        let events = sync["account_data"]?.objectValue?["events"]?.arrayValue
        #expect(events?.contains(["type": "some.type", "content": [:]]) == true)
        let initial = try await alice.get("sync").ok()["account_data"]?.objectValue?["events"]?.arrayValue ?? []
        #expect(!initial.contains { $0["type"] == "some.type" })
    }
}
