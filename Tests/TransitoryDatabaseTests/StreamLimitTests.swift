import MatrixProtocol
import Store
import TestSupport
import Testing
import TransitoryDatabase

/// What a scope doesn't take.
@Suite struct StreamLimitTests {
    private let limits = StreamLimits()

    @Test func aScopeThatNobodyHasMadeTakesNothing() async throws {
        try await TestStreams.session { test in
            let push = StreamPush(key: "key", value: [1], action: .append)
            await #expect(throws: StreamError.unknownScope) { try await test.streams.push([push], to: TestStreams.room) }
            try await test.streams.create(TestStreams.room, lifetime: 0)
            #expect(try await test.streams.push([push], to: TestStreams.room).map { try $0.get().sequence } == [1])
        }
    }

    @Test func valuesAndKeysHaveALargestSize() async throws {
        try await TestStreams.session { test in
            let value = [UInt8](repeating: 0, count: limits.valueMaxBytes)
            let key = String(repeating: "k", count: limits.keyMaxBytes)
            let outcomes = try await test.streams.push(
                [
                    StreamPush(key: key, value: value, action: .append), StreamPush(key: "key", value: value + [0], action: .append),
                    StreamPush(key: key + "k", value: [], action: .append), StreamPush(key: "key", value: nil, action: .relay),
                    StreamPush(key: "key", value: nil, action: .append),
                ], to: TestStreams.room, lifetime: 0)
            #expect(
                outcomes == [
                    .success(StreamPushOutcome(sequence: 1, size: 1)), .failure(.valueTooLarge(maxBytes: limits.valueMaxBytes)),
                    .failure(.keyTooLong(maxBytes: limits.keyMaxBytes)), .failure(.missingValue), .failure(.missingValue),
                ])
        }
    }

    @Test func aStreamHasALargestLength() async throws {
        try await TestStreams.session { test in
            var left = Int(limits.streamLengthMax)
            while left > 0 {
                let count = min(left, 1000)
                _ = try await test.push((0..<count).map { _ in StreamPush(key: "key", value: [1], action: .append) })
                left -= count
            }
            let refused = StreamError.streamTooLong(key: "key", max: limits.streamLengthMax)
            await #expect(throws: refused) { try await test.push(.append, "x") }
            #expect(try await test.push(.append, "x", key: "other").sequence == limits.streamLengthMax + 1)
            try await test.push(.compact(limits.streamLengthMax), "all")
            #expect(try await test.push(.append, "x").size == 2)
        }
    }

    @Test func aScopeHasALargestNumberOfKeys() async throws {
        try await TestStreams.session { test in
            for first in stride(from: 0, to: Int(limits.keysMax), by: 1000) {
                _ = try await test.push((first..<first + 1000).map { StreamPush(key: "\($0)", value: [], action: .replace) })
            }
            await #expect(throws: StreamError.tooManyKeys(max: limits.keysMax)) { try await test.push(.append, "x", key: "new") }
            try await test.push(.append, "x", key: "0")
            try await test.push(.relay, "x", key: "new")
            // A key that has nothing any more is none.
            let last = try #require(try test.database.snapshot().streamMessages(of: "0", in: TestStreams.room).last).sequence
            try await test.push(.compact(last), nil, key: "0")
            try await test.push(.append, "x", key: "new")
            // What it was compacted up to is known all the same.
            try await test.push(.compact(last - 1), "late", key: "0")
            #expect(try test.messages(of: "0") == [])
        }
    }

    @Test func aKeyHasALargestSize() async throws {
        try await TestStreams.session { test in
            let value = [UInt8](repeating: 0, count: limits.valueMaxBytes)
            func push(_ action: StreamPush.Action, _ value: [UInt8]) async throws {
                _ = try await test.push([StreamPush(key: "key", value: value, action: action)])
            }
            for _ in 0..<limits.streamMaxBytes / UInt64(value.count) { try await push(.append, value) }
            await #expect(throws: StreamError.streamFull(key: "key", maxBytes: limits.streamMaxBytes)) { try await push(.append, [1]) }
            try await test.push(.append, "x", key: "other")
            try await push(.replace, value)
            try await push(.append, [1])
        }
    }

    @Test func theSizeOfAllPublicStreamsIsKnown() async throws {
        let directory = try TemporaryDirectory()
        try await TestStreams.session(in: directory) { test in
            #expect(test.streams.sizeBytes == 0)
            try await test.push(.append, "12345")
            try await test.push(.append, "waits", to: TestStreams.inbox)
            #expect(test.streams.sizeBytes == 3 + 5)
            try await test.push(.replace, "1")
            #expect(test.streams.sizeBytes == 3 + 1)
        }
        try await TestStreams.session(in: directory) { test in
            #expect(test.streams.sizeBytes == 3 + 1)
            try await test.push(.compact(2), nil)
            #expect(test.streams.sizeBytes == 0)
        }
    }

    @Test func aScopeHasALargestSizeAndMayBecomeSmaller() async throws {
        try await TestStreams.session { test in
            let value = [UInt8](repeating: 0, count: limits.valueMaxBytes)
            let refused = StreamError.scopeFull(maxBytes: limits.scopeMaxBytes)
            var pushed: UInt64 = 0
            await #expect(throws: refused) {
                while true {
                    let key = pushed + UInt64(value.count) > limits.streamMaxBytes ? "\(pushed / limits.streamMaxBytes)" : "key"
                    _ = try await test.push([StreamPush(key: key, value: value, action: .append)])
                    pushed += UInt64(value.count)
                }
            }
            #expect(pushed <= limits.scopeMaxBytes && pushed + 2 * UInt64(value.count) > limits.scopeMaxBytes)
            await #expect(throws: refused) {
                _ = try await test.push([StreamPush(key: "other", value: value, action: .replace)])
            }
            let last = try #require(try test.database.snapshot().streamMessages(of: "key", in: TestStreams.room).last).sequence
            _ = try await test.push([StreamPush(key: "key", value: value, action: .compact(last - 2))])
            #expect(try await test.push(.append, "x").size == 4)
        }
    }
}
