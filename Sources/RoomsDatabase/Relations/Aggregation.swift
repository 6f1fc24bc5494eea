import Store

/// What the events that relate to an event amount to ("Aggregations of child events"). It follows the index of relations, in the same commit.
package struct Aggregation: StoreCodable, Hashable {
    /// The replacement that counts: the latest valid one, or none.
    package var replacement = ShortEventID.none
    /// How many events the thread has, of which this event is the root.
    package var threadCount: UInt64 = 0
    /// The thread's latest event, or none.
    package var threadLatest = ShortEventID.none
    /// How many events refer to this one.
    package var referenceCount: UInt64 = 0

    init() {}

    var isEmpty: Bool { self == Aggregation() }

    /// The four in their order, 8 bytes each.
    package var encoded: [UInt8] { FixedKey(replacement, threadCount, threadLatest, referenceCount).encoded }

    package init(encoded bytes: [UInt8]) throws {
        (replacement, threadCount, threadLatest, referenceCount) =
            try FixedKey<ShortEventID, UInt64, ShortEventID, UInt64>(encoded: bytes).parts
    }
}

extension Aggregation {
    package var readable: ReadableValue {
        [
            "replacement": replacement.readable, "thread_count": threadCount.readable, "thread_latest": threadLatest.readable,
            "reference_count": referenceCount.readable,
        ]
    }
}
