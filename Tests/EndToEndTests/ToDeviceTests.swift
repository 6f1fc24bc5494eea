import CanonicalJSON
import TestSupport
import Testing

/// "Send-to-Device messaging".
@Suite(.fewAtATime) struct ToDeviceTests {
    @Test func messagesComeOnceToTheirDevices() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let phone = try await bob.logIn(deviceID: "PHONE")
        let since = try await bob.sync().nextBatch
        let body: JSONValue = ["messages": .object([bob.userID: .object(["*": ["n": 1], "PHONE": ["n": 2]])])]
        for _ in 0..<2 { try await alice.put("sendToDevice", "org.example", "t", body: body).ok() }
        let answer = try await bob.sync(since: since)
        let event: JSONValue = ["type": "org.example", "sender": .string(alice.userID), "content": ["n": 1]]
        #expect(answer.body["to_device", "events"] == [event])
        #expect(try await bob.sync(since: answer.nextBatch).body["to_device"] == nil)
        #expect(try await bob.sync().body["to_device"] == nil)
        #expect(try await phone.sync().body["to_device", "events"]?.arrayValue?.map { $0["content", "n"] } == [2])
        try await alice.put("sendToDevice", "org.example", "u", body: [:]).fails(400, "M_MISSING_PARAM")
        try await alice.put("sendToDevice", "org.example", "u", body: ["messages": []]).fails(400, "M_BAD_JSON")
    }

    @Test func aDehydratedDeviceTakesMessages() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let api = "/_matrix/client/unstable/org.matrix.msc3814.v1"
        let dry = MatrixTestClient(baseURL: bob.baseURL, userID: bob.userID, deviceID: "DRY")
        var device = try #require(dry.keyUpload(oneTimeKeys: 0).objectValue)
        device["device_id"] = "DRY"
        device["device_data"] = ["algorithm": "org.matrix.msc3814.v1.olm"]
        try await bob.put("dehydrated_device", body: .object(device), api: api).ok()
        let body: JSONValue = ["messages": .object([bob.userID: .object(["DRY": ["n": 1]])])]
        try await alice.put("sendToDevice", "org.example", "t", body: body).ok()
        let page = try await bob.get("dehydrated_device", "DRY", "events", query: [("limit", "1")], api: api).ok()
        #expect(page["events"]?.arrayValue?.count == 1)
        let whole = try await bob.get("dehydrated_device", "DRY", "events", query: [("limit", "2")], api: api).ok()
        #expect(whole["events"] == page["events"] && whole["next_batch"] == nil)
        let token = try #require(page["next_batch"])
        let last = try await bob.post("dehydrated_device", "DRY", "events", body: ["next_batch": token], api: api).ok()
        #expect(last == ["events": []])
        try await alice.get("dehydrated_device", "DRY", "events", api: api).fails(403, "M_FORBIDDEN")
        try await bob.get("dehydrated_device", "DRY", "events", query: [("from", "x")], api: api).fails(400, "M_INVALID_PARAM")
    }
}
