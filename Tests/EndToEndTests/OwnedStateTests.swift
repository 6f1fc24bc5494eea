import CanonicalJSON
import Testing

/// Users' own state keys (MSC3757).
@Suite(.fewAtATime) struct OwnedStateTests {
    @Test(arguments: ["org.matrix.msc3757.10", "org.matrix.msc3757.11"])
    func keysHaveOwners(_ version: String) async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        #expect(try await alice.get("capabilities").ok()["capabilities", "m.room_versions", "available", version] == "unstable")
        let room = try await alice.createRoom([
            "preset": "public_chat", "room_version": .string(version), "power_level_content_override": ["state_default": 0],
        ])
        try await bob.join(room)
        #expect(try await bob.state("m.room.create", in: room)?["room_version"] == .string(version))

        try await bob.setState("org.example.call", "\(bob.userID)_DEVICE", in: room, to: ["x": 1])
        #expect(try await alice.state("org.example.call", "\(bob.userID)_DEVICE", in: room) == ["x": 1])
        try await bob.put("rooms", room, "state", "org.example.call", "\(alice.userID)_DEVICE", body: [:]).fails(403, "M_FORBIDDEN")
        try await alice.setState("org.example.call", "\(bob.userID)_DEVICE", in: room, to: ["x": 2])
        try await alice.put("rooms", room, "state", "org.example.call", "@nobody", body: [:]).fails(400, "M_BAD_JSON")
    }

    @Test func otherVersionsKnowOnlyWholeUserIDs() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        for key in ["\(alice.userID)_DEVICE", "@nobody", "@x:y"] {
            try await alice.put("rooms", room, "state", "org.example.call", key, body: [:]).fails(403, "M_FORBIDDEN")
        }
        try await alice.setState("org.example.call", "_\(alice.userID)_DEVICE", in: room, to: [:])
    }
}
