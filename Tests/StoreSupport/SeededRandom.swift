import Store
import Synchronization
import TestSupport

/// Bytes that anybody can guess who knows the seed, so that a test is repeatable.
package final class SeededRandom: RandomSource {
    private let generator: Mutex<SplitMix64>

    package init(seed: UInt64) {
        generator = Mutex(SplitMix64(seed: seed))
    }

    package func bytes(_ count: Int) -> [UInt8] {
        generator.withLock { generator in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            var word: UInt64 = 0
            for index in 0..<count {
                // Eight at a time, since tests ask for many.
                word = index % 8 == 0 ? generator.next() : word >> 8
                bytes.append(UInt8(truncatingIfNeeded: word))
            }
            return bytes
        }
    }
}
