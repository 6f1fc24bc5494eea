import CanonicalJSON
import Testing

/// "Reporting Content".
@Suite(.fewAtATime) struct ReportTests {
    @Test func roomsEventsAndUsersAreReported() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let event = try await alice.send("rude", to: room)
        #expect(try await bob.post("rooms", room, "report", body: ["reason": "this makes me sad"]).ok() == [:])
        #expect(try await bob.post("rooms", room, "report", event, body: ["reason": "rude", "score": -100]).ok() == [:])
        #expect(try await bob.post("rooms", room, "report", event).ok() == [:])
        #expect(try await bob.post("users", alice.userID, "report", body: ["reason": "rude"]).ok() == [:])
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        let event = try await alice.send("secret", to: room)
        try await bob.post("rooms", room, "report", event, body: ["reason": "rude"]).fails(404, "M_NOT_FOUND")
        try await alice.post("rooms", room, "report", "$none", body: ["reason": "rude"]).fails(404, "M_NOT_FOUND")
        try await bob.post("rooms", "!none:localhost", "report", body: ["reason": "rude"]).fails(404, "M_NOT_FOUND")
    }

    @Test func wrongReportsAreRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let event = try await alice.send("rude", to: room)
        try await alice.post("rooms", room, "report").fails(400, "M_MISSING_PARAM")
        try await alice.post("users", alice.userID, "report").fails(400, "M_MISSING_PARAM")
        try await alice.post("rooms", room, "report", body: ["reason": 1]).fails(400, "M_BAD_JSON")
        try await alice.post("rooms", room, "report", event, body: ["score": "low"]).fails(400, "M_BAD_JSON")
        try await alice.post("users", "alice", "report", body: ["reason": "rude"]).fails(400, "M_INVALID_PARAM")
        try await anybody().post("rooms", room, "report", body: ["reason": "rude"]).fails(401, "M_MISSING_TOKEN")
    }

    @Test func tooManyReportsAreRefused() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        var statuses: [Int] = []
        for _ in 0..<20 {
            let response = try await alice.post("rooms", room, "report", body: ["reason": "again"])
            statuses.append(response.status)
            if response.status != 200 {
                response.fails(429, "M_LIMIT_EXCEEDED")
                break
            }
        }
        #expect(statuses.last == 429)
    }
}
