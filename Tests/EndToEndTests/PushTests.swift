import CanonicalJSON
import Testing

/// Push rules, pushers and the list of notifications, by their endpoints.
@Suite(.fewAtATime) struct PushTests {
    private let gateway: JSONValue = ["url": "https://gateway.example.org/_matrix/push/v1/notify", "format": "event_id_only"]

    private func pusher(_ more: JSONObject = [:]) -> JSONObject {
        var pusher: JSONObject = [
            "lang": "en", "kind": "http", "app_display_name": "Mat Rix", "device_display_name": "iPhone 9", "profile_tag": "xxyyzz",
            "app_id": "com.example.app.ios", "pushkey": .string(unique("key")), "data": gateway, "append": false,
        ]
        for (key, value) in more { pusher[key] = value }
        return pusher
    }

    // MARK: - Rules

    @Test func rulesAreSetAndRead() async throws {
        let alice = try await newUser("alice")
        let all = try await alice.get("pushrules", "").ok()
        #expect(all["global", "override"]?.arrayValue?.first?["rule_id"] == ".m.rule.master")
        #expect(try await alice.get("pushrules", "global", "").ok() == all["global"])

        let path = ["pushrules", "global", "content", "nocake"]
        func put(_ body: JSONValue, query: [(String, String)] = []) async throws -> Response {
            try await alice.put(path[0], path[1], path[2], path[3], query: query, body: body)
        }
        func get(_ more: String...) async throws -> Response {
            try await alice.request("GET", "/_matrix/client/v3/" + (path + more).joined(separator: "/"))
        }
        try await get().fails(404, "M_NOT_FOUND")
        #expect(try await put(["pattern": "cake*lie", "actions": ["notify"]]).ok() == [:])
        #expect(
            try await get().ok()
                == ["actions": ["notify"], "pattern": "cake*lie", "rule_id": "nocake", "enabled": true, "default": false])
        #expect(try await get("enabled").ok() == ["enabled": true])
        #expect(try await get("actions").ok() == ["actions": ["notify"]])
        #expect(try await alice.put(path[0], path[1], path[2], path[3], "enabled", body: ["enabled": false]).ok() == [:])
        let actions: JSONValue = ["actions": ["notify", ["set_tweak": "sound", "value": "bing"], "coalesce"]]
        #expect(try await alice.put(path[0], path[1], path[2], path[3], "actions", body: actions).ok() == [:])
        #expect(try await get("enabled").ok() == ["enabled": false])
        #expect(try await get("actions").ok() == actions)

        let master = "pushrules/global/override/.m.rule.master"
        #expect(try await alice.put("pushrules", "global", "override", ".m.rule.master", "enabled", body: ["enabled": true]).ok() == [:])
        #expect(try await alice.request("GET", "/_matrix/client/v3/\(master)/enabled").ok() == ["enabled": true])
        let event = try #require(try await alice.sync().accountData.event("m.push_rules"))
        let kept = try await alice.get("pushrules", "").ok()
        #expect(event["content"] == kept)

        #expect(try await alice.delete(path[0], path[1], path[2], path[3]).ok() == [:])
        try await alice.delete(path[0], path[1], path[2], path[3]).fails(404, "M_NOT_FOUND")
    }

    @Test func rulesCanBePutBesideOthers() async throws {
        let alice = try await newUser("alice")
        func put(_ id: String, _ query: [(String, String)] = []) async throws -> Response {
            try await alice.put("pushrules", "global", "override", id, query: query, body: ["actions": []])
        }
        for id in ["a", "b", "c"] { try await put(id).ok() }
        try await put("d", [("after", "b")]).ok()
        try await put("e", [("before", "b"), ("after", "a")]).ok()
        let rules = try await alice.get("pushrules", "global", "").ok()["override"]?.arrayValue?.compactMap { $0["rule_id"]?.stringValue }
        #expect(rules?.prefix(6) == [".m.rule.master", "c", "e", "b", "d", "a"])
        try await put("f", [("before", "nothing")]).fails(400, "M_UNKNOWN")
        try await put("f", [("after", ".m.rule.master")]).fails(400, "M_UNKNOWN")
    }

    @Test func malformedRulesAreRefused() async throws {
        let alice = try await newUser("alice")
        try await alice.get("pushrules", "global", "pigeon", "a").fails(400, "M_INVALID_PARAM")
        try await alice.get("pushrules", "global", "override", "a", "enabled").fails(404, "M_NOT_FOUND")
        try await alice.get("pushrules", "global", "override", "a", "actions").fails(404, "M_NOT_FOUND")
        try await alice.put("pushrules", "global", "override", "a", body: [:]).fails(400, "M_MISSING_PARAM")
        try await alice.put("pushrules", "global", "override", "a", body: ["actions": 1]).fails(400, "M_BAD_JSON")
        try await alice.put("pushrules", "global", "override", "a", body: ["actions": [], "conditions": 1]).fails(400, "M_BAD_JSON")
        try await alice.put("pushrules", "global", "override", ".a", body: ["actions": []]).fails(400, "M_INVALID_PARAM")
        try await alice.put("pushrules", "global", "override", "a/b", body: ["actions": []]).fails(400, "M_INVALID_PARAM")
        try await alice.put("pushrules", "global", "content", "a", body: ["actions": []]).fails(400, "M_MISSING_PARAM")
        try await alice.put("pushrules", "global", "override", "a", "enabled", body: ["enabled": true]).fails(404, "M_NOT_FOUND")
        try await alice.put("pushrules", "global", "override", "a", "enabled", body: ["enabled": 1]).fails(400, "M_BAD_JSON")
        try await alice.put("pushrules", "global", "override", "a", "actions", body: ["actions": []]).fails(404, "M_NOT_FOUND")
        try await alice.put("pushrules", "global", "override", "a", "actions", body: [:]).fails(400, "M_MISSING_PARAM")
        try await alice.put("pushrules", "global", "override", ".m.rule.master", "actions", body: ["actions": ["a"]]).fails(
            400, "M_INVALID_PARAM")
        try await anybody().get("pushrules", "").fails(401, "M_MISSING_TOKEN")
    }

    // MARK: - Pushers

    @Test func pushersAreSetAndRemoved() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let pusher = pusher()
        #expect(try await alice.get("pushers").ok() == ["pushers": []])
        #expect(try await alice.post("pushers", "set", body: .object(pusher)).ok() == [:])
        let kept = try #require(try await alice.get("pushers").ok()["pushers"]?.arrayValue)
        #expect(kept.count == 1)
        for (key, value) in pusher where key != "append" { #expect(kept.first?[key] == value) }
        #expect(kept.first?["append"] == nil)

        // The same app on the same device belongs to somebody else now.
        try await bob.post("pushers", "set", body: .object(pusher)).ok()
        #expect(try await alice.get("pushers").ok() == ["pushers": []])
        let removal: JSONValue = ["app_id": "com.example.app.ios", "pushkey": pusher["pushkey"] ?? .null, "kind": .null]
        for _ in 0..<2 { #expect(try await bob.post("pushers", "set", body: removal).ok() == [:]) }
        #expect(try await bob.get("pushers").ok() == ["pushers": []])
    }

    @Test func malformedPushersAreRefused() async throws {
        let alice = try await newUser("alice")
        for name in ["lang", "kind", "app_display_name", "device_display_name", "app_id", "pushkey", "data"] {
            var missing = pusher()
            missing[name] = nil
            try await alice.post("pushers", "set", body: .object(missing)).fails(400, "M_MISSING_PARAM")
            try await alice.post("pushers", "set", body: .object(pusher([name: 1]))).fails(400, "M_BAD_JSON")
        }
        try await alice.post("pushers", "set", body: .object(pusher(["data": [:]]))).fails(400, "M_MISSING_PARAM")
        try await alice.post("pushers", "set", body: .object(pusher(["data": ["url": "http://a.example/"]]))).fails(400, "M_INVALID_PARAM")
        try await alice.post("pushers", "set", body: .object(pusher(["kind": "pigeon"]))).fails(400, "M_INVALID_PARAM")
        try await anybody().get("pushers").fails(401, "M_MISSING_TOKEN")
        try await anybody().post("pushers", "set", body: .object(pusher())).fails(401, "M_MISSING_TOKEN")
    }

    @Test func pushersGoWithTheirDevices() async throws {
        let alice = try await newUser("alice")
        let phone = try await alice.logIn()
        try await alice.post("pushers", "set", body: .object(pusher())).ok()
        try await phone.post("pushers", "set", body: .object(pusher())).ok()
        #expect(try await alice.get("pushers").ok()["pushers"]?.arrayValue?.count == 2)
        try await phone.post("logout").ok()
        let left = try #require(try await alice.get("pushers").ok()["pushers"]?.arrayValue)
        #expect(left.map { $0["org.matrix.msc3881.device_id"] } == [.string(alice.deviceID)])
    }

    // MARK: - Notifications

    @Test func notificationsAreListed() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let events = [try await alice.send("one", to: room), try await alice.send("two", to: room)]
        let first = try await bob.get("notifications", query: [("limit", "1")]).ok()
        #expect(first["notifications"]?.arrayValue?.map { $0["event", "event_id"] } == [.string(events[1])])
        let next = try #require(first["next_token"]?.stringValue)
        let second = try await bob.get("notifications", query: [("from", next), ("limit", "1")]).ok()
        #expect(second["notifications"]?.arrayValue?.map { $0["event", "event_id"] } == [.string(events[0])])
        #expect(try await bob.get("notifications", query: [("only", "highlight")]).ok()["notifications"] == [])
        #expect(try await bob.sync().joined(room)?["unread_notifications", "notification_count"] == 2)

        try await bob.get("notifications", query: [("from", "nothing")]).fails(400, "M_INVALID_PARAM")
        try await bob.get("notifications", query: [("limit", "0")]).fails(400, "M_INVALID_PARAM")
        try await anybody().get("notifications").fails(401, "M_MISSING_TOKEN")
    }
}
