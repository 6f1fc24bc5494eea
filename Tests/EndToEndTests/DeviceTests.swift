import CanonicalJSON
import TestSupport
import Testing

/// "Device Management".
@Suite(.fewAtATime) struct DeviceTests {
    private func authenticated(_ client: MatrixTestClient, _ body: JSONObject, session: String) -> JSONValue {
        var body = body
        body["auth"] = [
            "type": "m.login.password", "session": .string(session), "password": .string(testPassword),
            "identifier": ["type": "m.id.user", "user": .string(client.userID)],
        ]
        return .object(body)
    }

    @Test func devicesAreListedRenamedAndRemoved() async throws {
        let alice = try await newUser("alice")
        let phone = try await alice.logIn(deviceID: "PHONE")
        let tablet = try await alice.logIn(deviceID: "TABLET")
        try await alice.put("devices", "PHONE", body: ["display_name": "Phone"]).ok()
        #expect(try await phone.get("devices", "PHONE").ok()["display_name"] == "Phone")
        #expect(try await alice.get("devices").ok()["devices"]?.arrayValue?.count == 3)
        try await alice.get("devices", "NEVER").fails(404, "M_NOT_FOUND")
        try await alice.put("devices", "NEVER", body: ["display_name": "x"]).fails(404, "M_NOT_FOUND")
        try await alice.put("devices", "PHONE", body: ["display_name": 1]).fails(400, "M_BAD_JSON")

        let target = "/_matrix/client/v3/devices/PHONE"
        let first = try await alice.request("DELETE", target)
        #expect(first.status == 401)
        let session = try #require(first.body["session"]?.stringValue)
        try await alice.request("DELETE", target, body: authenticated(alice, [:], session: session).encoded()).ok()
        try await phone.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")

        let body: JSONObject = ["devices": ["TABLET", "PHONE"]]
        let second = try await alice.post("delete_devices", body: .object(body))
        #expect(second.status == 401)
        let other = try #require(second.body["session"]?.stringValue)
        try await alice.post("delete_devices", body: authenticated(alice, body, session: other)).ok()
        try await tablet.get("account", "whoami").fails(401, "M_UNKNOWN_TOKEN")
        #expect(try await alice.get("devices").ok()["devices"]?.arrayValue?.count == 1)
        try await alice.post("delete_devices", body: ["devices": "PHONE"]).fails(400, "M_BAD_JSON")
        try await alice.post("delete_devices").fails(400, "M_MISSING_PARAM")
    }
}
