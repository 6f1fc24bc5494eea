import AccountsDatabase
import Homeserver
import MatrixProtocol
import Testing

/// What becomes of a session of user-interactive authentication when requests with it overtake each other.
@Suite struct InteractiveAuthSessionTests {
    private let key = InteractiveAuthSession.Key(nil, nil, "session")

    private func session(_ request: String?, completed: [String] = []) -> InteractiveAuthSession {
        InteractiveAuthSession(operation: "register", request: request, completed: completed, expiresAt: .max)
    }

    @Test func onceItHasEndedItAllowsNothing() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let kept = try await fixture.database.keepInteractiveAuthSession(session(nil, completed: ["a"]), key, isNew: true)
        try await fixture.database.remove([], of: alice.user, ending: InteractiveAuthSession.Claim(key: key, session: kept))
        // Somebody who has read it before goes on with it.
        await #expect(throws: AccountsConflict.sessionChanged) {
            _ = try await fixture.database.keepInteractiveAuthSession(session("b", completed: ["a"]), key, isNew: false)
        }
        #expect(try fixture.database.view().interactiveAuthSession(key) == nil)
    }

    @Test func itIsForTheFirstRequestThatWasMadeWithIt() async throws {
        let fixture = try AccountsFixture()
        _ = try await fixture.database.keepInteractiveAuthSession(session(nil), key, isNew: true)
        _ = try await fixture.database.keepInteractiveAuthSession(session("@alice:example.org", completed: ["a"]), key, isNew: false)
        await #expect(throws: AccountsConflict.sessionChanged) {
            _ = try await fixture.database.keepInteractiveAuthSession(session("@bob:example.org"), key, isNew: false)
        }
        #expect(try fixture.database.view().interactiveAuthSession(key)?.request == "@alice:example.org")
    }
}
