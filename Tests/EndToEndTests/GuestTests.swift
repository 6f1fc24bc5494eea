import CanonicalJSON
import TestSupport
import Testing

/// "Guest Access".
@Suite(.fewAtATime) struct GuestTests {
    /// Runs `body` with a server that allows guests, a user of it, and a guest.
    private func withGuest(
        _ body: (_ server: ServerProcess, _ alice: MatrixTestClient, _ guest: MatrixTestClient) async throws -> Void
    ) async throws {
        var options = ServerProcess.Options()
        options.environment["MARTLET_REGISTRATION__ALLOW_GUESTS"] = "true"
        let server = try await ServerProcess.start(options: options)
        let registration: JSONValue = ["username": "ignored", "device_id": "IGNORED", "initial_device_display_name": "Phone"]
        let answer = try await server.anybody.post("register", query: [("kind", "guest")], body: registration).ok()
        var guest = server.anybody.with(accessToken: answer["access_token"]?.stringValue)
        guest.userID = try #require(answer["user_id"]?.stringValue)
        guest.deviceID = try #require(answer["device_id"]?.stringValue)
        #expect(guest.deviceID != "IGNORED" && !guest.userID.contains("ignored"))
        try await body(server, try await server.newUser("alice"), guest)
        #expect(try await server.stop() == .exited(0))
    }

    @Test func guestsDoWhatGuestsMay() async throws {
        try await withGuest { _, alice, guest in
            #expect(try await guest.get("account", "whoami").ok()["is_guest"] == true)
            let room = try await alice.createRoom(["preset": "public_chat"])
            try await guest.post("rooms", room, "join").fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.get("rooms", room, "messages", query: [("dir", "b")]).fails(403, "M_FORBIDDEN")
            try await alice.setState("m.room.history_visibility", in: room, to: ["history_visibility": "world_readable"])
            let event = try await alice.send("hello", to: room)
            for path in ["state", "messages", "members", "initialSync", "event/\(event)", "context/\(event)", "state/m.room.create/"] {
                let target = "\(MatrixTestClient.clientAPI)/rooms/\(MatrixTestClient.encoded(room))/\(path)"
                try await guest.request("GET", target, query: path == "messages" ? [("dir", "b")] : []).ok()
            }
            try await guest.get("events", query: [("room_id", room), ("timeout", "0")]).ok()
            try await guest.get("events", query: [("timeout", "0")]).fails(400, "M_MISSING_PARAM")
            try await alice.setState("m.room.guest_access", in: room, to: ["guest_access": "can_join"])
            try await guest.join(room)
            try await guest.send("thanks", to: room)
            try await guest.get("sync").ok()
            try await guest.put("profile", guest.userID, "displayname", body: ["displayname": "Guest"]).ok()
            try await guest.put("profile", guest.userID, "avatar_url", body: ["avatar_url": "mxc://x/y"]).fails(
                403, "M_GUEST_ACCESS_FORBIDDEN")
            try await alice.setState("m.room.guest_access", in: room, to: ["guest_access": "forbidden"])
            #expect(try await alice.state("m.room.member", guest.userID, in: room)?["membership"] == "leave")
        }
    }

    @Test func guestsAreRefusedElsewhere() async throws {
        try await withGuest { _, alice, guest in
            let room = try await alice.createRoom(["preset": "public_chat"])
            try await guest.post("createRoom").fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.post("rooms", room, "invite", body: ["user_id": "\(alice.userID)"]).fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.get("joined_rooms").fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.post("search", body: ["search_categories": [:]]).fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.put("user", guest.userID, "account_data", "org.example", body: [:]).fails(403, "M_GUEST_ACCESS_FORBIDDEN")
            try await guest.get("initialSync").fails(403, "M_GUEST_ACCESS_FORBIDDEN")
        }
    }

    @Test func aGuestBecomesAUser() async throws {
        try await withGuest { server, _, guest in
            let name = String(guest.userID.dropFirst().prefix { $0 != ":" })
            let body: JSONObject = [
                "username": .string(name), "password": .string(testPassword), "guest_access_token": "\(guest.accessToken ?? "")",
            ]
            let user = try await server.anybody.register(.object(body), token: server.registrationToken)
            #expect(user.userID == guest.userID)
            #expect(try await guest.get("account", "whoami").ok()["is_guest"] == false)
            try await user.post("createRoom").ok()
        }
    }
}
