import NIOCore
import Synchronization

/// Which messages were sent when, and who has been told of them.
final class Deliveries: Sendable {
    /// Deliveries that haven't been made by then are failures.
    private static let waitMax: Duration = .seconds(10)
    private static let waitInterval: Duration = .milliseconds(20)

    private struct State {
        var begun: [Int: NIODeadline] = [:]
        /// The messages that each client was told of.
        var told: [Set<Int>]
        var expected = 0
        var deliveries = Tally()
        var sends = Tally()
    }

    private let prefix: [UInt8]
    private let state: Mutex<State>

    /// - Parameter runID: what no other run has in its messages.
    init(runID: String, clients: Int) {
        prefix = Array("deliver-\(runID)-".utf8)
        state = Mutex(State(told: Array(repeating: [], count: clients)))
    }

    /// The beginning of a message's text.
    func marker(_ number: Int) -> String { String(decoding: prefix, as: UTF8.self) + "\(number) " }

    /// Notes that a message is sent now, to so many members.
    func begin(_ number: Int, to members: Int) -> NIODeadline {
        let now = NIODeadline.now()
        state.withLock { state in
            state.begun[number] = now
            state.expected += members
        }
        return now
    }

    func noteSent(in duration: TimeAmount) {
        state.withLock { $0.sends.record(duration) }
    }

    func noteUnsent(_ failure: RequestFailure, to members: Int) {
        state.withLock { state in
            state.sends.record(failure)
            state.expected -= members
        }
    }

    func noteFailure(_ failure: RequestFailure) {
        state.withLock { $0.deliveries.record(failure) }
    }

    /// Notes the messages that an answer tells a client of.
    func note(_ answer: [UInt8], of client: Int, at arrival: NIODeadline) {
        let numbers = numbers(in: answer)
        guard !numbers.isEmpty else { return }
        state.withLock { state in
            for number in numbers {
                guard let begun = state.begun[number] else { continue }
                if state.told[client].insert(number).inserted {
                    state.deliveries.record(arrival - begun)
                } else {
                    state.deliveries.record(RequestFailure("delivered twice"))
                }
            }
        }
    }

    /// The numbers that stand behind the prefix.
    private func numbers(in answer: [UInt8]) -> [Int] {
        var numbers: [Int] = []
        var index = 0
        while let found = answer[index...].firstIndex(of: prefix[0]) {
            index = found + 1
            guard answer[found...].starts(with: prefix) else { continue }
            let digits = answer[(found + prefix.count)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            if let number = Int(String(decoding: digits, as: UTF8.self)) { numbers.append(number) }
        }
        return numbers
    }

    /// Waits until everybody was told of everything, or it takes too long.
    func waitForAll() async {
        let end = ContinuousClock.now + Self.waitMax
        while ContinuousClock.now < end, state.withLock({ $0.deliveries.latencies.count < $0.expected }) {
            try? await Task.sleep(for: Self.waitInterval)
        }
    }

    /// What has become of the deliveries and the sends.
    func outcome() -> (deliveries: Tally, sends: Tally) {
        state.withLock { state in
            var deliveries = state.deliveries
            for _ in 0..<max(0, state.expected - deliveries.latencies.count) {
                deliveries.record(RequestFailure("not delivered within \(Self.waitMax)"))
            }
            return (deliveries, state.sends)
        }
    }
}
