import Store
import StoreTestSupport
import Synchronization
import TestSupport
import Testing

@testable import TransitoryDatabase

/// Who is told what, and in which order.
@Suite struct StreamSubscriptionTests {
    @Test func everybodyIsToldTheSameInTheOrderOfTheNumbers() async throws {
        try await TestStreams.session { test in
            let listeners = try (0..<5).map { _ in try Listener(test) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for pusher in 0..<20 {
                    group.addTask {
                        for message in 0..<50 {
                            let action: StreamPush.Action = [.append, .relay, .relay, .replace][(pusher + message) % 4]
                            try await test.push(action, "\(pusher) \(message)", key: "\(pusher % 3)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            // An answer comes after the broadcast, so all are there.
            #expect(listeners[0].numbers == Array(1...1000))
            for listener in listeners { #expect(listener.news == listeners[0].news) }
            for pusher in 0..<20 {
                let own = listeners[0].texts.compactMap { text -> Int? in
                    let words = text.split(separator: " ")
                    return words[2] == "\(pusher)" ? Int(words[3]) : nil
                }
                #expect(own == Array(0..<50), "each pusher's messages stay in their order")
            }
        }
    }

    /// Whoever replays and listens has each message once: in the replay, or among the news after it or before it.
    @Test func aReplayHasItsPlaceAmongTheNews() async throws {
        try await TestStreams.session { test in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<300 { try await test.push(.append, "\(number)") }
                }
                for reader in 0..<4 {
                    group.addTask {
                        for _ in 0..<25 {
                            let listener = try Listener(test)
                            let (replayed, before) = try listener.replay("key")
                            let values = replayed.map { String(decoding: $0.value, as: UTF8.self) }
                            #expect(values == replayed.indices.map { "\($0)" }, "all that was appended so far")
                            let end = replayed.last?.sequence ?? 0
                            // Time for more to come.
                            try await test.push(.append, "a sign", key: "\(reader)")
                            let appended = listener.news.enumerated().filter { $1.key == "key" }.map { ($0, $1.message?.sequence ?? 0) }
                            #expect(appended.allSatisfy { place, number in place < before ? number <= end : number > end })
                            listener.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func whoHasLeftIsToldNothing() async throws {
        try await TestStreams.session { test in
            let (leaves, stays) = (try Listener(test), try Listener(test))
            try await test.push(.append, "a")
            leaves.leave()
            try await test.push(.append, "b")
            #expect(leaves.texts == ["key 1 a"])
            #expect(stays.texts == ["key 1 a", "key 2 b"])
        }
    }

    /// Gives its place up as soon as it is told something.
    private final class Leaver: Sendable {
        private let subscription = Mutex<StreamSubscription?>(nil)

        init(_ test: TestStreams) throws {
            let subscription = try test.streams.subscribe(to: TestStreams.room) { [self] _ in
                self.subscription.withLock { $0 = nil }
            } onEnd: {
            }
            self.subscription.withLock { $0 = subscription }
        }

        var hasLeft: Bool { subscription.withLock { $0 == nil } }
    }

    @Test func theLastOneMayLeaveWhileItIsTold() async throws {
        try await TestStreams.session { test in
            for _ in 0..<5 {
                let leaver = try Leaver(test)
                try await test.push(.append, "x")
                #expect(leaver.hasLeft)
            }
            let listener = try Listener(test)
            try await test.push(.relay, "y")
            #expect(listener.numbers == [6])
        }
    }

    @Test func whatIsPublishedWhileTheFirstOneComesIsNotLost() throws {
        let stream = LiveStream()
        // It was published after the newcomer had looked at what there is, and before it was there.
        stream.publish([StreamNews(key: "key", message: StreamMessage(sequence: 11, value: []), isKept: true)], number: 11, reserved: 11)
        #expect(stream.add(StreamSubscriber(receive: { _ in }, end: {}), lastKept: 10) != nil)
        var end: UInt64?
        #expect(stream.between(lastKept: 11, accepting: false) { end = $0 })
        #expect(end == 11)
    }

    @Test func aScopeThatIsRemovedEndsItsSubscriptions() async throws {
        try await TestStreams.session { test in
            try await test.push(.append, "a")
            try await test.push(.append, "a", to: TestStreams.inbox)
            let (listener, other) = (try Listener(test), try Listener(test, to: TestStreams.inbox))
            try await test.database.database.commit { try test.streams.remove(TestStreams.room, in: $0) }
            #expect(listener.isAtEnd && !other.isAtEnd)
            #expect(try test.messages() == [])
            #expect(try test.messages(in: TestStreams.inbox) == ["1 a"])
        }
    }

    @Test func whoWaitsAtTheNotifierIsWokenByWhatIsKeptForADevice() async throws {
        try await TestStreams.session { test in
            let before = test.database.snapshot().position
            let waiter = test.notifier.register([TestStreams.inbox])
            async let pushed: StreamPushOutcome = test.push(.append, "a", to: TestStreams.inbox)
            await waiter.wait(atMost: 60_000, on: test.environment.clock)
            #expect(try test.messages(in: TestStreams.inbox) == ["1 a"])
            _ = try await pushed
            var log = try test.database.snapshot().domain(
                CommonMaps.positionChange, KeyRange(lower: before.next.encoded, upper: nil))
            #expect(
                try log.collect().map(\.value) == [
                    Change(kind: TransitoryChange.streamMessage.rawValue, scope: TestStreams.inbox, key: UInt64(1).encoded)
                ])
        }
    }

    @Test func numbersGoOnAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        try await TestStreams.session(in: directory) { test in
            let listener = try Listener(test)
            try await test.push(.append, "a")
            for _ in 0..<5 { try await test.push(.relay, "r") }
            try await test.push(.append, "b")
            #expect(listener.numbers == Array(1...7))
        }
        try await TestStreams.session(in: directory) { test in
            #expect(try test.messages() == ["1 a", "7 b"])
            let next = try await test.push(.append, "c")
            #expect(next.sequence == 8)
        }
    }

    @Test func numbersGoOnWhenTheLastOneLeaves() async throws {
        try await TestStreams.session { test in
            for round in 0..<20 {
                let listener = try Listener(test)
                for number in 1...3 {
                    #expect(try await test.push(.relay, "r").sequence == UInt64(round * 3 + number))
                }
                listener.leave()
            }
        }
    }
}
