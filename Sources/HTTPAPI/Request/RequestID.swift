import Synchronization

/// Names a request in the log, and in the answer to one that failed inside the server. Unique as long as the process runs.
package struct RequestID: Sendable, CustomStringConvertible {
    private static let count = Atomic<UInt64>(0)

    private let number: UInt64

    /// The next one.
    init() {
        number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    }

    package var description: String { String(number, radix: 36) }
}
