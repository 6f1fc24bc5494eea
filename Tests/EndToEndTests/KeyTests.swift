import CanonicalJSON
import TestSupport
import Testing

/// "End-to-End Encryption": what clients publish, ask for and back up.
@Suite(.fewAtATime) struct KeyTests {
    @Test func keysArePublishedQueriedAndClaimed() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        _ = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        let counts = try await alice.post("keys", "upload", body: alice.keyUpload(oneTimeKeys: 2)).ok()
        #expect(counts == ["one_time_key_counts": ["signed_curve25519": 2]])
        let answer = try await bob.sync(since: since)
        #expect(answer.body["device_lists"] == ["changed": [.string(alice.userID)], "left": []])
        let changes = try await bob.get("keys", "changes", query: [("from", since), ("to", answer.nextBatch)]).ok()
        #expect(changes == ["changed": [.string(alice.userID)], "left": []])
        try await bob.get("keys", "changes").fails(400, "M_MISSING_PARAM")
        try await bob.get("keys", "changes", query: [("from", "x")]).fails(400, "M_INVALID_PARAM")

        let query: JSONValue = ["device_keys": .object([alice.userID: []]), "timeout": 1000]
        let found = try await bob.post("keys", "query", body: query).ok()
        #expect(found["device_keys", alice.userID, alice.deviceID, "algorithms"]?.arrayValue?.count == 2)
        #expect(found["failures"] == [:])
        try await bob.post("keys", "query").fails(400, "M_BAD_JSON")
        try await bob.post("keys", "query", body: ["device_keys": .object([alice.userID: [:]])]).fails(400, "M_BAD_JSON")

        let claim: JSONValue = ["one_time_keys": .object([alice.userID: .object([alice.deviceID: "signed_curve25519"])])]
        for expected in ["K0", "K1", "F", "F"] {
            let claimed = try await bob.post("keys", "claim", body: claim).ok()
            let keys = claimed["one_time_keys", alice.userID, alice.deviceID]?.objectValue?.keys
            #expect(keys == ["signed_curve25519:\(expected)"])
        }
        try await bob.post("keys", "claim").fails(400, "M_BAD_JSON")
        let after = try await alice.sync().body
        #expect(after["device_one_time_keys_count"] == ["signed_curve25519": 0])
        #expect(after["device_unused_fallback_key_types"] == [])
        try await alice.post("keys", "upload", body: ["device_keys": []]).fails(400, "M_BAD_JSON")
    }

    @Test func crossSigningKeysAreChecked() async throws {
        let alice = try await newUser("alice")
        try await alice.post("keys", "device_signing", "upload").fails(400, "M_MISSING_PARAM")
        let key = "SogYyrkTldLz0BXP+GYWs0qaYacUI0RleEqNT8J3riQ"
        let master: JSONValue = [
            "user_id": .string(alice.userID), "usage": ["master"], "keys": .object(["ed25519:\(key)": .string(key)]),
        ]
        for _ in 0..<2 { try await alice.post("keys", "device_signing", "upload", body: ["master_key": master]).ok() }
        let found = try await alice.post("keys", "query", body: ["device_keys": .object([alice.userID: []])]).ok()
        #expect(found["master_keys", alice.userID] == master)
        let failures = try await alice.post(
            "keys", "signatures", "upload", body: .object([alice.userID: .object([key: master])])
        ).ok()
        #expect(failures["failures", alice.userID, key, "errcode"] == "M_INVALID_PARAM")
        var other = try #require(master.objectValue)
        other["keys"] = ["ed25519:JGLn/yafz74HB2AbPLYJWIVGnKAtqECOBf11yyXac2Y": "JGLn/yafz74HB2AbPLYJWIVGnKAtqECOBf11yyXac2Y"]
        let challenge = try await alice.post("keys", "device_signing", "upload", body: ["master_key": .object(other)])
        #expect(challenge.status == 401)
        #expect(challenge.body["flows"]?.arrayValue?.first?["stages"]?.strings == ["m.login.password"])
    }

    @Test func sessionsAreBackedUp() async throws {
        let alice = try await newUser("alice")
        try await alice.get("room_keys", "version").fails(404, "M_NOT_FOUND")
        let backup: JSONValue = ["algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": ["public_key": "abc"]]
        try await alice.post("room_keys", "version").fails(400, "M_MISSING_PARAM")
        let old = try #require(try await alice.post("room_keys", "version", body: backup).ok()["version"]?.stringValue)
        let version = try #require(try await alice.post("room_keys", "version", body: backup).ok()["version"]?.stringValue)
        try await alice.put("room_keys", "version", version, body: backup).ok()
        #expect(try await alice.get("room_keys", "version", version).ok()["auth_data"] == ["public_key": "abc"])

        let (room, query) = ("!room:example.org", [("version", version)])
        let key: JSONValue = ["first_message_index": 1, "forwarded_count": 0, "is_verified": false, "session_data": ["ciphertext": "x"]]
        let sessions: JSONValue = ["sessions": ["a": key, "b/c": key]]
        let rooms: JSONValue = ["rooms": .object([room: sessions])]
        try await alice.put("room_keys", "keys", query: query, body: rooms).ok()
        try await alice.put("room_keys", "keys", room, query: query, body: sessions).ok()
        let added = try await alice.put("room_keys", "keys", room, "d", query: query, body: key).ok()
        #expect(added["count"] == 3)
        #expect(try await alice.get("room_keys", "keys", room, "b/c", query: query).ok() == key)
        try await alice.get("room_keys", "keys", room, "x", query: query).fails(404, "M_NOT_FOUND")
        #expect(try await alice.get("room_keys", "keys", room, query: query).ok()["sessions"]?.objectValue?.count == 3)
        try await alice.get("room_keys", "keys").fails(400, "M_MISSING_PARAM")
        let refused = try await alice.put("room_keys", "keys", query: [("version", old)], body: rooms)
        refused.fails(403, "M_WRONG_ROOM_KEYS_VERSION")
        #expect(refused.body["current_version"] == .string(version))

        let target = "/_matrix/client/v3/room_keys/keys"
        let encodedRoom = MatrixTestClient.encoded(room)
        #expect(try await alice.request("DELETE", "\(target)/\(encodedRoom)/d", query: query).ok()["count"] == 2)
        #expect(try await alice.request("DELETE", "\(target)/\(encodedRoom)", query: query).ok()["count"] == 0)
        #expect(try await alice.request("DELETE", target, query: query).ok()["count"] == 0)
        #expect(try await alice.get("room_keys", "keys", query: query).ok() == ["rooms": [:]])
        for _ in 0..<2 { try await alice.delete("room_keys", "version", version).ok() }
        try await alice.get("room_keys", "version", version).fails(404, "M_NOT_FOUND")
        try await alice.delete("room_keys", "version", "99").fails(404, "M_NOT_FOUND")
    }

    @Test func aCopyOfTheDataDropsOneTimeKeys() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        try await alice.post("keys", "upload", body: alice.keyUpload(oneTimeKeys: 2)).ok()
        #expect(try await server.stop() == .exited(0))
        _ = try await server.copy(server.dataDirectory, as: "copy")
        let copy = try await ServerProcess.start(in: server.directory, dataName: "copy")
        #expect(try await alice.at(copy).sync().body["device_one_time_keys_count"] == ["signed_curve25519": 0])
        #expect(try await alice.at(copy).sync().body["device_unused_fallback_key_types"] == ["signed_curve25519"])
        #expect(try await copy.stop() == .exited(0))
        let again = try await server.restart()
        #expect(try await alice.at(again).sync().body["device_one_time_keys_count"] == ["signed_curve25519": 2])
        #expect(try await again.stop() == .exited(0))
    }

    /// Secrets are account data ("Secret storage").
    @Test func secretsAreKeptInAccountData() async throws {
        let alice = try await newUser("alice")
        let since = try await alice.sync().nextBatch
        let entries: [(String, JSONValue)] = [
            ("m.secret_storage.key.K", ["algorithm": "m.secret_storage.v1.aes-hmac-sha2", "iv": "x", "mac": "y"]),
            ("m.secret_storage.default_key", ["key": "K"]),
            ("m.cross_signing.master", ["encrypted": ["K": ["iv": "x", "ciphertext": "y", "mac": "z"]]]),
        ]
        for (type, content) in entries { try await alice.put("user", alice.userID, "account_data", type, body: content).ok() }
        let phone = try await alice.logIn()
        for (type, content) in entries { #expect(try await phone.get("user", alice.userID, "account_data", type).ok() == content) }
        #expect(try await alice.sync(since: since).accountData.types == entries.map(\.0))
    }

    @Test func aDehydratedDeviceIsKept() async throws {
        let alice = try await newUser("alice")
        let api = "/_matrix/client/unstable/org.matrix.msc3814.v1"
        try await alice.get("dehydrated_device", api: api).fails(404, "M_NOT_FOUND")
        let dry = MatrixTestClient(baseURL: alice.baseURL, userID: alice.userID, deviceID: "DRY")
        var body = try #require(dry.keyUpload(oneTimeKeys: 1).objectValue)
        body["device_id"] = "DRY"
        try await alice.put("dehydrated_device", body: .object(body), api: api).fails(400, "M_MISSING_PARAM")
        body["device_data"] = ["algorithm": "org.matrix.msc3814.v1.olm"]
        #expect(try await alice.put("dehydrated_device", body: .object(body), api: api).ok() == ["device_id": "DRY"])
        #expect(try await alice.get("dehydrated_device", api: api).ok()["device_data"] == body["device_data"])
        #expect(try await alice.delete("dehydrated_device", api: api).ok() == ["device_id": "DRY"])
        try await alice.delete("dehydrated_device", api: api).fails(404, "M_NOT_FOUND")
    }
}
