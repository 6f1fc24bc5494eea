import Testing

@testable import Store

@Suite struct RecentScopesTests {
    private func rooms(_ numbers: ClosedRange<UInt8>) -> Set<Scope> { Set(numbers.map { Scope(.room, [$0]) }) }

    @Test func whatHasHappenedSinceIsKnown() {
        let recent = RecentScopes()
        #expect(recent.scopes(after: .zero, limit: 10) == nil)
        recent.begin(at: Position(10))
        #expect(recent.scopes(after: Position(9), limit: 10) == nil)
        #expect(recent.scopes(after: Position(10), limit: 10) == [])
        recent.note(rooms(1...3), at: Position(12))
        recent.note(rooms(2...2), at: Position(15))
        #expect(recent.scopes(after: Position(10), limit: 10) == rooms(1...3))
        #expect(recent.scopes(after: Position(12), limit: 10) == rooms(2...2))
        #expect(recent.scopes(after: Position(15), limit: 10) == [])
        #expect(recent.scopes(after: Position(10), limit: 3) == rooms(1...3))
        #expect(recent.scopes(after: Position(10), limit: 2) == nil)
    }

    @Test func whatIsOldIsForgottenAndNothingElse() {
        let recent = RecentScopes(scopesMax: 8)
        recent.begin(at: .zero)
        for number in 1...100 as ClosedRange<UInt8> {
            recent.note(rooms(number...number), at: Position(Int64(number)))
            // One is busy all the time.
            recent.note(rooms(200...200), at: Position(Int64(number)))
            for since in 0...number {
                guard let scopes = recent.scopes(after: Position(Int64(since)), limit: 200) else {
                    #expect(since < number, "what is newest is known")
                    continue
                }
                #expect(scopes == (since < number ? rooms(since + 1...number).union(rooms(200...200)) : []))
            }
        }
        #expect(recent.scopes(after: Position(50), limit: 200) == nil)
        #expect(recent.scopes(after: Position(97), limit: 200) != nil)
    }
}
