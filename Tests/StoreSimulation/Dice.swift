import StoreTestSupport
import Synchronization
import TestSupport

/// Seeded choices of one participant.
final class Dice: Sendable {
    private let generator: Mutex<SplitMix64>

    init(seed: UInt64) {
        generator = Mutex(SplitMix64(seed: seed))
    }

    func int(in range: Range<Int>) -> Int {
        generator.withLock { Int.random(in: range, using: &$0) }
    }

    func number<Number: FixedWidthInteger & Sendable>(in range: Range<Number>) -> Number {
        generator.withLock { Number.random(in: range, using: &$0) }
    }

    /// True once in `count` times.
    func one(in count: Int) -> Bool {
        int(in: 0..<count) == 0
    }

    func pick<Element>(_ elements: [Element]) -> Element {
        elements[int(in: 0..<elements.count)]
    }

    /// Dice of another participant's.
    func split() -> Dice {
        Dice(seed: generator.withLock { $0.next() })
    }

    func seed() -> UInt64 {
        generator.withLock { $0.next() }
    }
}
