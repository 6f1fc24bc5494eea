import CanonicalJSON
import TestSupport
import Testing

/// What the users of a fixture do: something of everything that the server keeps.
enum FixtureContent {
    /// The transaction ID of the last message, for a client that repeats it.
    static let transaction = "the last one"
    /// The last message.
    static let lastMessage: JSONValue = ["msgtype": "m.text", "body": "the last message"]

    /// Fills a new server, and records what it answers about all of it.
    static func make(on server: ServerProcess) async throws -> Recording {
        var recording = Recording()
        let alice = try await server.newUser("alice")
        let phone = try await alice.logIn()
        let bob = try await server.newUser("bob")
        recording.devices = ["alice": alice, "phone": phone, "bob": bob]

        try await alice.put("profile", alice.userID, "displayname", body: ["displayname": "Alice"]).ok()
        try await alice.put("profile", alice.userID, "avatar_url", body: ["avatar_url": "mxc://fixture.example/alice"]).ok()
        try await recording.record("bob", "profile", alice.userID)

        try await accountData(of: alice, into: &recording)
        try await push(of: alice, into: &recording)
        try await keys(of: alice, into: &recording)
        let since = try await bob.sync().nextBatch
        recording.facts["since"] = .string(since)
        let room = try await conversation(alice, bob, &recording)
        try await otherRooms(alice, bob, &recording)

        recording.facts["room"] = .string(room)
        recording.facts["last"] = .string(try await sendLast(alice, to: room))
        recording.facts["pos"] = try await follow(bob, from: nil)["pos"]
        recording.facts["newest"] = .string(try await bob.sync().nextBatch)
        try await record(room, since, &recording)
        return recording
    }

    /// Sends the last message, or repeats it; its event ID.
    static func sendLast(_ client: MatrixTestClient, to room: String) async throws -> String {
        let answer = try await client.put("rooms", room, "send", "m.room.message", transaction, body: lastMessage).ok()
        return try #require(answer["event_id"]?.stringValue)
    }

    /// A sliding sync of the one room in which something has happened last.
    static func follow(_ client: MatrixTestClient, from position: String?) async throws -> JSONValue {
        let list: JSONValue = [
            "ranges": [[0, 0]], "timeline_limit": 5, "required_state": [["m.room.topic", ""], ["m.room.member", "$LAZY"]],
        ]
        return try await client.post(
            "sync", query: position.map { [("pos", $0)] } ?? [], body: ["lists": ["newest": list]],
            api: "/_matrix/client/unstable/org.matrix.simplified_msc3575"
        ).ok()
    }

    private static func accountData(of alice: MatrixTestClient, into recording: inout Recording) async throws {
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": false]).ok()
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": true, "text": "ä ö ü 🐦"]).ok()
        try await recording.record("phone", "user", alice.userID, "account_data", "org.example")
        let filter: JSONValue = ["room": ["timeline": ["limit": 3, "types": ["m.room.message"]]]]
        let id = try #require(try await alice.post("user", alice.userID, "filter", body: filter).ok()["filter_id"]?.stringValue)
        try await recording.record("alice", "user", alice.userID, "filter", id)
        recording.facts["filter"] = .string(id)
    }

    /// A push rule, and a pusher that sends nothing.
    private static func push(of alice: MatrixTestClient, into recording: inout Recording) async throws {
        try await alice.put("pushrules", "global", "content", "cake", body: ["pattern": "cake*lie", "actions": ["notify"]]).ok()
        let pusher: JSONValue = [
            "app_id": "com.example.app", "pushkey": "key", "kind": "http", "app_display_name": "App", "device_display_name": "Phone",
            "lang": "en", "data": ["url": "https://gateway.fixture.example/_matrix/push/v1/notify"], "org.matrix.msc3881.enabled": false,
        ]
        try await alice.post("pushers", "set", body: pusher).ok()
        try await recording.record("phone", "pushrules", "global", "content", "cake")
        try await recording.record("phone", "pushers")
    }

    /// Keys of a device, one of which is claimed, and a key backup.
    private static func keys(of alice: MatrixTestClient, into recording: inout Recording) async throws {
        try await alice.post("keys", "upload", body: alice.keyUpload(oneTimeKeys: 3)).ok()
        try await alice.put("devices", alice.deviceID, body: ["display_name": "Kitchen"]).ok()
        try await recording.record("alice", "devices", alice.deviceID)
        let claim: JSONValue = ["one_time_keys": .object([alice.userID: .object([alice.deviceID: "signed_curve25519"])])]
        try await alice.post("keys", "claim", body: claim).ok()
        let backup: JSONValue = ["algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": ["public_key": "abc"]]
        let version = try #require(try await alice.post("room_keys", "version", body: backup).ok()["version"]?.stringValue)
        let key: JSONValue = ["first_message_index": 0, "forwarded_count": 0, "is_verified": true, "session_data": ["ciphertext": "x"]]
        try await alice.put(
            "room_keys", "keys", "!room:fixture.example", "session", query: [("version", version)], body: key
        ).ok()
        try await recording.record("phone", "room_keys", "version")
        try await recording.record("phone", "room_keys", "keys", query: [("version", version)])
    }

    /// A public room with a history: messages, replies, a redaction, state that changed.
    private static func conversation(
        _ alice: MatrixTestClient, _ bob: MatrixTestClient, _ recording: inout Recording
    ) async throws -> String {
        let room = try await alice.createRoom([
            "preset": "public_chat", "name": "Tea", "topic": "Black or green", "room_alias_name": "tea", "visibility": "public",
        ])
        try await bob.join(room)
        let first = try await alice.send("first", to: room)
        for number in 1...12 { try await (number % 2 == 0 ? alice : bob).send("message \(number)", to: room) }
        let regretted = try await bob.send("regretted", to: room)
        try await bob.put("rooms", room, "redact", regretted, "regret", body: ["reason": "regret"]).ok()
        try await bob.put(
            "rooms", room, "send", "m.reaction", "reaction",
            body: ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(first), "key": "🍵"]]
        ).ok()
        try await bob.post("rooms", room, "receipt", "m.read", first).ok()
        try await alice.post("rooms", room, "read_markers", body: ["m.fully_read": .string(first), "m.read.private": .string(first)]).ok()
        try await alice.setState("m.room.topic", in: room, to: ["topic": "Green"])
        try await bob.put("user", bob.userID, "rooms", room, "account_data", "org.example.room", body: ["colour": "green"]).ok()
        for (device, event) in [("alice", first), ("bob", regretted)] { try await recording.record(device, "rooms", room, "event", event) }
        try await recording.record("bob", "user", bob.userID, "rooms", room, "account_data", "org.example.room")
        try await recording.record("bob", "directory", "room", "#tea:\(Fixture.serverName)")
        return room
    }

    /// An encrypted room, an invite, a room that was left, one of an old version.
    private static func otherRooms(_ alice: MatrixTestClient, _ bob: MatrixTestClient, _ recording: inout Recording) async throws {
        let encryption: JSONValue = ["type": "m.room.encryption", "content": ["algorithm": "m.megolm.v1.aes-sha2"]]
        let encrypted = try await alice.createRoom(["preset": "private_chat", "initial_state": [encryption]])
        try await alice.invite(bob, to: encrypted)
        try await bob.join(encrypted)
        for number in 1...3 {
            try await alice.put(
                "rooms", encrypted, "send", "m.room.encrypted", "encrypted \(number)",
                body: [
                    "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg...",
                    "session_id": "a session", "device_id": .string(alice.deviceID),
                ]
            ).ok()
        }
        try await recording.record("bob", "rooms", encrypted, "messages", query: [("dir", "b"), ("limit", "50")])
        try await recording.record("bob", "rooms", encrypted, "state")

        let invited = try await alice.createRoom(["preset": "private_chat", "name": "Secret"])
        try await alice.invite(bob, to: invited)

        let left = try await alice.createRoom(with: bob)
        try await bob.send("good bye", to: left)
        try await bob.leave(left)
        try await alice.send("after", to: left)
        try await recording.record("bob", "rooms", left, "messages", query: [("dir", "b"), ("limit", "50")])

        let old = try await alice.createRoom(with: bob, version: "6")
        try await bob.send("as it was", to: old)
        try await recording.record("alice", "rooms", old, "state")
    }

    /// What shows everything together.
    private static func record(_ room: String, _ since: String, _ recording: inout Recording) async throws {
        for device in ["alice", "phone", "bob"] {
            try await recording.record(device, "account", "whoami")
            try await recording.record(device, "joined_rooms")
            try await recording.record(device, "sync")
        }
        try await recording.record("phone", "sync", query: [("filter", try recording.fact("filter"))])
        try await recording.record("bob", "sync", query: [("since", since)])
        for direction in ["b", "f"] {
            try await recording.record("bob", "rooms", room, "messages", query: [("dir", direction), ("limit", "100")])
        }
        for part in ["state", "members", "joined_members", "aliases"] { try await recording.record("alice", "rooms", room, part) }
        try await recording.record("bob", "publicRooms")
    }
}
