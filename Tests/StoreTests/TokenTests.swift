import Testing

@testable import Store

@Suite struct TokenTests {
    @Test func aSyncTokenHas52Characters() {
        let token = SyncToken(rooms: Position(1), accounts: Position(2), transitory: Position(3))
        #expect(token.description == "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAAAA")
        #expect(SyncToken(token.description) == token)
        #expect(token.position(of: .rooms) == Position(1))
        #expect(token.position(of: .accounts) == Position(2))
        #expect(token.position(of: .transitory) == Position(3))
    }

    @Test func aSyncTokenCanSayHowFarStickyEventsWereTold() {
        let token = SyncToken(rooms: Position(5), accounts: Position(2), transitory: Position(3), sticky: Position(4))
        #expect(token.description.utf8.count == 70)
        #expect(SyncToken(token.description) == token && SyncToken(token.description)?.sticky?.position == Position(4))
        #expect(token != SyncToken(rooms: Position(5), accounts: Position(2), transitory: Position(3)))
    }

    @Test func tokensComeBackAsTheyWere() {
        var random = TupleRandom(seed: 7)
        for _ in 0..<1_000 {
            func stamp() -> Versionstamp {
                let word = random.next()
                return Versionstamp(
                    Position(Int64(truncatingIfNeeded: random.next()) >> Int64(word % 64)), batch: UInt16(word >> 48),
                    userVersion: UInt16(word >> 32 & 0xFFFF))
            }
            let token = SyncToken(rooms: stamp(), accounts: stamp(), transitory: stamp())
            #expect(token.description.utf8.count == 52)
            #expect(SyncToken(token.description) == token)
            let pagination = PaginationToken(token.rooms.position, suborder: token.rooms.batch)
            #expect(pagination.description.utf8.count == 18)
            #expect(PaginationToken(pagination.description) == pagination)
        }
    }

    @Test(arguments: [
        "", "s1_2_3", "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAAA", "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAAAA=",
        "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAAAAAA", "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAA0AAAAAAAAAAMAAAAA",
        " MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAAAA", "MwAAAAAAAAABAAAAADMAAAAAAAAAAgAAAAAzAAAAAAAAAAMAAA/A",
        "MwAAAAAAAAABAAAAAA", "MwAAAAAAAAABAAAAAA==", "MwAAAAAAAAABAAAAAB", "MwAAAAAAAAABAAAAAADA",
    ])
    func otherTextIsNoSyncToken(_ text: String) {
        #expect(SyncToken(text) == nil)
    }

    @Test func aPaginationTokenIsStrict() {
        #expect(PaginationToken(Position(1)).description == "MwAAAAAAAAABAAAAAA")
        #expect(PaginationToken("MwAAAAAAAAABAAAAAA") == PaginationToken(Position(1)))
        #expect(PaginationToken("MwAAAAAAAAABAAAAAB") == nil, "a bit after the last byte")
        #expect(PaginationToken("MwAAAAAAAAABAAAAAQ") == nil, "a user version")
        #expect(PaginationToken("MwAAAAAAAAABAAAAAA==") == nil)
        #expect(PaginationToken(SyncToken(rooms: Position(1), accounts: Position(2), transitory: Position(3)).description) == nil)
        #expect(PaginationToken("") == nil)
    }

    @Test func placesInATimelineSortAsNumbers() {
        #expect(PaginationToken(Position(-2), suborder: 9) < PaginationToken(Position(-1)))
        #expect(PaginationToken(Position(-1)) < PaginationToken(Position(1)))
        #expect(PaginationToken(Position(1)) < PaginationToken(Position(1), suborder: 1))
        #expect(Position(41).next == Position(42))
    }

    @Test func versionstampsSortAsTheirBytes() {
        let ascending = [
            Versionstamp(Position(0)), Versionstamp(Position(1), userVersion: 1), Versionstamp(Position(1), batch: 1),
            Versionstamp(Position(.max)),
            Versionstamp(Position(.min)), Versionstamp(Position(-1), batch: .max, userVersion: .max),
        ]
        for (left, right) in zip(ascending, ascending.dropFirst()) {
            #expect(left < right)
            #expect(TupleKey(left).encoded.lexicographicallyPrecedes(TupleKey(right).encoded))
        }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func base64HasTheExamplesOfRFC4648(_ bytes: String, _ text: String) {
        #expect(Base64URL.encode(bytes.utf8) == text)
        #expect(Base64URL.decode(text) == Array(bytes.utf8))
    }

    @Test func base64HasTheURLSafeAlphabet() {
        #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
        #expect(Base64URL.decode("-_-_") == [0xFB, 0xFF, 0xBF])
        let all = (0...255).map { UInt8($0) }
        #expect(Base64URL.decode(Base64URL.encode(all)) == all)
    }

    @Test(arguments: ["A", "AAAAA", "AB", "AAB", "Zg==", "Zg=", "+/+/", "Zm 9", "Zm9v\n", "é", "Zm9\0"])
    func base64HasOneFormOnly(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
