import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// The tags that users give to rooms ("Room Tagging").
@Suite struct AccountsTagsTests {
    private let room = RoomID(trusted: "!room:example.org")

    @Test func tagsAreSetAndTakenAway() async throws {
        let fixture = try AccountsFixture()
        let login = try await fixture.user("alice")
        let alice = try fixture.requester(login)
        func tags() throws -> JSONObject { try fixture.accounts.tags(of: alice.userID, on: room, for: alice) }
        #expect(try tags() == [:])
        try await fixture.accounts.setTag("m.favourite", of: alice.userID, on: room, to: ["order": 0.25], for: alice)
        try await fixture.accounts.setTag("u.Work", of: alice.userID, on: room, to: [:], for: alice)
        #expect(try tags() == ["m.favourite": ["order": 0.25], "u.Work": [:]])
        let accountData = try fixture.accounts.accountData(of: alice.userID, in: room, type: "m.tag", for: alice)
        #expect(try accountData.json()["tags", "m.favourite", "order"] == 0.25)
        try await fixture.accounts.setTag("m.favourite", of: alice.userID, on: room, to: nil, for: alice)
        try await fixture.accounts.setTag("never.set", of: alice.userID, on: room, to: nil, for: alice)
        #expect(try tags() == ["u.Work": [:]])
    }

    @Test func tagsAtTheSameTimeAreAllKept() async throws {
        let fixture = try AccountsFixture()
        let login = try await fixture.user("alice")
        let alice = try fixture.requester(login)
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    try await fixture.accounts.setTag("u.\(number)", of: alice.userID, on: room, to: [:], for: alice)
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.accounts.tags(of: alice.userID, on: room, for: alice).count == 20)
    }

    @Test func othersTagsAreTheirOwn() async throws {
        let fixture = try AccountsFixture()
        let alice = try fixture.requester(try await fixture.user("alice"))
        let bob = try fixture.requester(try await fixture.user("bob"))
        #expect(throws: MatrixError.self) { try fixture.accounts.tags(of: alice.userID, on: room, for: bob) }
        await #expect(throws: MatrixError.self) {
            try await fixture.accounts.setTag("x", of: alice.userID, on: room, to: [:], for: bob)
        }
        await #expect(throws: MatrixError.self) {
            try await fixture.accounts.setTag(String(repeating: "x", count: 256), of: bob.userID, on: room, to: [:], for: bob)
        }
    }
}
