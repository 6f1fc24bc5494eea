import Store
import Testing
import TransitoryDatabase

/// What each action does with a key's stream.
@Suite struct StreamActionTests {
    @Test func numbersBeginAtOneAndGoThroughAllKeys() async throws {
        try await TestStreams.session { test in
            let first = try await test.push(.append, "a", key: "one")
            #expect(first.sequence == 1)
            #expect(try await test.push(.append, "b", key: "").sequence == 2)
            #expect(try await test.push(.replace, "c", key: "one").sequence == 3)
            #expect(try await test.push(.append, "a", to: TestStreams.inbox).sequence == 1)
            #expect(try test.messages(of: "") == ["2 b"])
        }
    }

    @Test func appendedMessagesAreKeptInTheirOrder() async throws {
        try await TestStreams.session { test in
            for value in ["a", "b", "c"] { try await test.push(.append, value) }
            #expect(try test.messages() == ["1 a", "2 b", "3 c"])
            #expect(try test.messages(after: 1) == ["2 b", "3 c"])
            #expect(try test.messages(after: 3) == [])
            #expect(try test.messages(after: .max) == [])
        }
    }

    @Test(arguments: [false, true]) func aRelayTakesANumberAndIsNotKept(isHeard: Bool) async throws {
        try await TestStreams.session { test in
            let listener = isHeard ? try Listener(test) : nil
            try await test.push(.append, "a")
            for number in 2...5 { #expect(try await test.push(.relay, "r") == StreamPushOutcome(sequence: UInt64(number), size: 1)) }
            #expect(try await test.push(.append, "b").sequence == 6)
            #expect(try test.messages() == ["1 a", "6 b"])
            if let listener {
                #expect(listener.texts == ["key 1 a", "key 2 r", "key 3 r", "key 4 r", "key 5 r", "key 6 b"])
            }
        }
    }

    @Test func aReplacementTakesThePlaceOfAllThatTheKeyHas() async throws {
        try await TestStreams.session { test in
            try await test.push(.append, "other", key: "other")
            for value in ["a", "b", "c"] { try await test.push(.append, value) }
            #expect(try await test.push(.replace, "d") == StreamPushOutcome(sequence: 5, size: 1))
            #expect(try await test.push(.replace, "e").size == 1)
            #expect(try test.messages() == ["6 e"])
            #expect(try test.messages(of: "other") == ["1 other"])
        }
    }

    @Test func aCompactionTakesThePlaceOfWhatItCoversAndIsSentToNobody() async throws {
        try await TestStreams.session { test in
            for value in ["a", "b", "c"] { try await test.push(.append, value) }
            let listener = try Listener(test)
            #expect(try await test.push(.compact(2), "ab") == StreamPushOutcome(sequence: nil, size: 2))
            #expect(try test.messages() == ["2 ab", "3 c"])
            #expect(listener.texts == ["key -"])
            #expect(try await test.push(.append, "d").sequence == 4)
        }
    }

    /// What is left is counted by what goes or by what stays, and deleted one by one or by its range.
    @Test(arguments: [1, 32, 33, 49, 50, 51, 60, 99])
    func aCompactionKnowsWhatItLeaves(end: Int) async throws {
        try await TestStreams.session { test in
            for number in 1...100 { try await test.push(.append, String(repeating: "x", count: number)) }
            #expect(try await test.push(.compact(UInt64(end)), nil).size == UInt64(100 - end))
            #expect(try test.messages().count == 100 - end)
            // The next compactions know where the key begins, and how much it has.
            let outcome = try await test.push(.append, "y")
            #expect(outcome.size == UInt64(101 - end))
            #expect(try await test.push(.compact(100), "z").size == 2)
            #expect(try test.messages() == ["100 z", "101 y"])
        }
    }

    @Test func aCompactionThatComesAfterANewerOneDoesNothing() async throws {
        try await TestStreams.session { test in
            for value in ["a", "b", "c", "d"] { try await test.push(.append, value) }
            try await test.push(.compact(3), "abc")
            for late in [3, 2, 1] {
                #expect(try await test.push(.compact(UInt64(late)), "late") == StreamPushOutcome(sequence: nil, size: 2))
            }
            #expect(try test.messages() == ["3 abc", "4 d"])
            #expect(try await test.push(.compact(4), "abcd").size == 1)
            #expect(try test.messages() == ["4 abcd"])
        }
    }

    @Test func aCompactionOfWhatWasReplacedDoesNothing() async throws {
        try await TestStreams.session { test in
            try await test.push(.append, "a")
            try await test.push(.append, "b")
            try await test.push(.replace, "c")
            try await test.push(.compact(2), "ab")
            #expect(try test.messages() == ["3 c"])
            try await test.push(.compact(3), "C")
            #expect(try test.messages() == ["3 C"])
        }
    }

    @Test func aCompactionWithoutAValueDeletes() async throws {
        try await TestStreams.session { test in
            for value in ["a", "b", "c"] { try await test.push(.append, value) }
            #expect(try await test.push(.compact(2), nil).size == 1)
            #expect(try test.messages() == ["3 c"])
            #expect(try await test.push(.compact(3), nil).size == 0)
            #expect(try test.messages() == [])
            try await test.push(.compact(2), "late")
            #expect(try test.messages() == [])
            try await test.push(.append, "d")
            #expect(try test.messages() == ["4 d"])
            #expect(try test.database.snapshot().streamSizes(in: TestStreams.room).map(\.size) == [1])
        }
    }

    @Test func manyMessagesAreCompactedAtOnce() async throws {
        try await TestStreams.session { test in
            _ = try await test.push((1...500).map { StreamPush(key: "key", value: Array("\($0)".utf8), action: .append) })
            #expect(try await test.push(.compact(400), "all").size == 101)
            #expect(try test.messages(after: 399).prefix(2) == ["400 all", "401 401"])
            #expect(try test.messages().count == 101)
        }
    }

    @Test func aCompactionRefersToMessagesThatAreThere() async throws {
        try await TestStreams.session { test in
            try await test.push(.append, "a")
            await #expect(throws: StreamError.sequenceAhead(2, last: 1)) { try await test.push(.compact(2), "x") }
            #expect(try test.messages() == ["1 a"])
        }
    }

    @Test func keysTellHowManyMessagesTheyHave() async throws {
        try await TestStreams.session { test in
            for key in ["b", "a", "b"] { try await test.push(.append, "x", key: key) }
            let sizes = try test.database.snapshot().streamSizes(in: TestStreams.room)
            #expect(sizes.map(\.key) == ["a", "b"])
            #expect(sizes.map(\.size) == [1, 2])
            #expect(try test.database.snapshot().streamSize(of: "b", in: TestStreams.room) == 2)
            #expect(try test.database.snapshot().streamSize(of: "c", in: TestStreams.room) == 0)
        }
    }
}
