import MatrixProtocol
import Testing

@testable import Homeserver

/// What clients want to be told of rooms' state.
@Suite struct RequiredStateTests {
    private static let user = UserID(trusted: "@bob:example.org")

    private func state(_ pairs: (String, String)...) -> RequiredState {
        RequiredState(pairs.map { (type: $0.0, key: $0.1) }, for: Self.user)
    }

    @Test func whatPairsStandFor() {
        let wanted = state(("a", ""), ("b", "*"), ("*", "k"), ("m.room.member", "$ME"), ("m.room.member", "$LAZY"))
        for key in [StateKey("a"), StateKey("b", "x"), StateKey("c", "k"), .member(Self.user)] { #expect(wanted.wants(key)) }
        for key in [StateKey("a", "x"), StateKey("c"), StateKey("m.room.member", "@alice:example.org")] { #expect(!wanted.wants(key)) }
        #expect(state(("*", "*")).wants(StateKey("c", "x")))
    }

    @Test func parts() {
        #expect(state(("a", "x")).isPart(of: state(("a", "*"))))
        #expect(state(("a", "x")).isPart(of: state(("*", "x"))))
        #expect(state(("a", "*"), ("*", "x")).isPart(of: state(("*", "*"))))
        #expect(!state(("a", "*")).isPart(of: state(("a", "x"))))
        #expect(!state(("m.room.member", "$LAZY")).isPart(of: state(("*", "*"))))
        #expect(!state(("*", "*")).isPart(of: state(("a", "*"))))
    }

    @Test func whatIsNew() {
        #expect(state(("a", "x"), ("b", "")).subtracting(state(("a", "*"))) == state(("b", "")))
        #expect(state(("a", "x"), ("b", "*")).subtracting(state(("*", "*"))) == state())
        #expect(state(("*", "*")).subtracting(state(("a", "*"))) == state(("*", "*")))
    }

    @Test func whatIsKnownStaysKnownUntilItChanges() {
        let before = state(("a", ""), ("b", ""), ("c", "*"))
        let wanted = state(("a", ""))
        #expect(before.known(after: wanted, changed: [StateKey("a")]) == before)
        #expect(before.known(after: wanted, changed: [StateKey("b")]) == state(("a", ""), ("c", "*")))
        #expect(before.known(after: wanted, changed: [StateKey("c", "x")]) == state(("a", ""), ("b", "")))
        #expect(state(("*", "*")).known(after: wanted, changed: [StateKey("b")]) == wanted)
        let many = RequiredState((0..<200).map { (type: "t\($0)", key: "") }, for: Self.user)
        #expect(many.known(after: wanted, changed: []) == wanted)
    }

    @Test func itIsStored() {
        for wanted in [state(), state(("*", "*")), state(("a", ""), ("b", "*"), ("*", "k"), ("m.room.member", "$LAZY"))] {
            #expect(RequiredState(encoded: wanted.encoded, for: Self.user) == wanted)
        }
        #expect(RequiredState(encoded: [1, 2, 3], for: Self.user) == nil)
        #expect(RequiredState.number(of: state(("a", "")).encoded) != RequiredState.number(of: state(("b", "")).encoded))
    }
}
