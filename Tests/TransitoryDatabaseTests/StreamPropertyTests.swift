import Store
import StoreTestSupport
import TestSupport
import Testing
import TransitoryDatabase

/// Random pushes, compared with the model of a stream that the words of its documentation make.
@Suite struct StreamPropertyTests {
    private struct Model {
        var last: UInt64 = 0
        var messages: [String: [StreamMessage]] = [:]
        var compacted: [String: UInt64] = [:]
        var broadcast: [UInt64] = []

        mutating func apply(_ push: StreamPush) {
            let value = push.value ?? []
            switch push.action {
            case .append:
                messages[push.key, default: []].append(StreamMessage(sequence: next(), value: value))
            case .relay:
                _ = next()
            case .replace:
                messages[push.key] = [StreamMessage(sequence: next(), value: value)]
                compacted[push.key] = last - 1
            case .compact(let end):
                guard end <= last, end > compacted[push.key] ?? 0 else { return }
                let kept = push.value.map { [StreamMessage(sequence: end, value: $0)] } ?? []
                messages[push.key] = kept + (messages[push.key] ?? []).filter { $0.sequence > end }
                compacted[push.key] = end
            }
        }

        private mutating func next() -> UInt64 {
            last += 1
            broadcast.append(last)
            return last
        }
    }

    @Test(arguments: 1...8) func whatIsKeptIsWhatTheActionsSay(seed: UInt64) throws {
        let seeded = SeededEnvironment(seed: seed)
        try seeded.run {
            var random = SplitMix64(seed: seed)
            var model = Model()
            let directory = try TemporaryDirectory()
            for _ in 0..<3 {
                let before = model
                model = try await TestStreams.session(in: directory, seeded.environment) { test in
                    var model = before
                    let listener = try Listener(test)
                    for round in 0..<60 {
                        let pushes = (0..<Int.random(in: 1...4, using: &random)).map { _ in Self.push(model, &random) }
                        for push in pushes { model.apply(push) }
                        _ = try await test.streams.push(pushes, to: TestStreams.room, lifetime: 0, round % 5 == 0 ? .relaxed : .synced)
                    }
                    // So that the relaxed ones are published too.
                    try await test.database.database.commit { _ in }
                    for key in ["a", "b", "c"] {
                        let stored = try test.database.snapshot().streamMessages(of: key, in: TestStreams.room)
                        #expect(stored == model.messages[key] ?? [], "\(key)")
                    }
                    #expect(listener.numbers == Array(model.broadcast.dropFirst(before.broadcast.count)))
                    return model
                }
            }
            #expect(model.last > 100)
        }
    }

    private static func push(_ model: Model, _ random: inout SplitMix64) -> StreamPush {
        let key = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        let value = (0..<Int.random(in: 0...3, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: return StreamPush(key: key, value: value, action: .append)
        case 4..<6: return StreamPush(key: key, value: value, action: .relay)
        case 6: return StreamPush(key: key, value: value, action: .replace)
        default:
            let end = UInt64.random(in: 0...model.last + 1, using: &random)
            return StreamPush(key: key, value: Bool.random(using: &random) ? value : nil, action: .compact(end))
        }
    }
}
