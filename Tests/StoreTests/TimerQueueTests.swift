import Testing

@testable import Store

@Suite struct TimerQueueTests {
    private let timers = TimerQueue()

    /// What a job holds.
    private final class Witness: Sendable {
        func see() {}
    }

    @Test func aCancelledJobIsLetGoAtOnce() {
        var witness: Witness? = Witness()
        weak let held = witness
        let timer = timers.schedule(after: 600_000) { [witness] in witness?.see() }
        witness = nil
        #expect(held != nil)
        timer.cancel()
        #expect(held == nil)
        timer.cancel()
    }

    @Test func theSystemsClockLetsGoToo() {
        var witness: Witness? = Witness()
        weak let held = witness
        let timer = SystemClock().schedule(after: 600_000) { [witness] in witness?.see() }
        witness = nil
        timer.cancel()
        #expect(held == nil)
    }

    @Test func whatIsCancelledTakesNoRoom() {
        let standing = (0..<10).map { _ in timers.schedule(after: 600_000) {} }
        for _ in 0..<10_000 { timers.schedule(after: 300_000) {}.cancel() }
        #expect(timers.entryCount <= 2 * standing.count)
        for timer in standing { timer.cancel() }
        #expect(timers.entryCount == 0)
    }

    @Test func runsJobsInTheOrderOfTheirMoments() async throws {
        let order = Shared<[Int]>([])
        var generator = SystemRandomNumberGenerator()
        let delays = (0..<100).map { Int64($0) }.shuffled(using: &generator)
        let due = delays.map { delay in (delay, timers.schedule(after: 50 + 5 * delay) { order.change { $0.append(Int(delay)) } }) }
        for (delay, timer) in due where delay % 3 == 0 { timer.cancel() }
        let expected = (0..<100).filter { $0 % 3 != 0 }
        try await until { order.value.count == expected.count }
        #expect(order.value == expected)
    }

    @Test func anEarlierTimerDoesNotWaitForALaterOne() async throws {
        let ran = Shared(0)
        let later = timers.schedule(after: 600_000) {}
        _ = timers.schedule(after: 1) { ran.change { $0 += 1 } }
        try await until { ran.value == 1 }
        later.cancel()
        // Nor does one that is due at once, or long has been; and the longest time is none that overflows.
        _ = timers.schedule(after: 0) { ran.change { $0 += 1 } }
        _ = timers.schedule(after: -1) { ran.change { $0 += 1 } }
        let longest = timers.schedule(after: .max) { ran.change { $0 += 1 } }
        try await until { ran.value == 3 }
        longest.cancel()
    }
}
