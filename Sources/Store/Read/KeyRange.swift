/// A range of a map's keys: from `lower` on, below `upper`.
package struct KeyRange: Sendable, Equatable {
    /// The first key that is inside.
    package var lower: [UInt8]
    /// The first key that is no longer inside; nil is the map's end.
    package var upper: [UInt8]?

    package init(lower: [UInt8], upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// The whole map.
    package static let all = KeyRange(lower: [], upper: nil)

    /// All keys that begin with `prefix`.
    package static func prefix(_ prefix: [UInt8]) -> KeyRange {
        KeyRange(lower: prefix, upper: TuplePrefix.strinc(prefix))
    }

    /// All tuples that begin with the given elements and have more.
    package static func tuples<each Part: TupleCodable>(_ part: repeat each Part) -> KeyRange {
        let prefix = TuplePrefix(repeat each part)
        return KeyRange(lower: prefix.lowerBound, upper: prefix.upperBound)
    }

    /// All fixed-width keys that begin with the given parts.
    package static func fixed<each Part: FixedWidth>(_ part: repeat each Part) -> KeyRange {
        var bytes: [UInt8] = []
        repeat (each part).encodeFixedWidth(to: &bytes)
        return .prefix(bytes)
    }

    /// The part of the range from `key` on.
    package func from(_ key: [UInt8]) -> KeyRange {
        KeyRange(lower: ByteOrder.precedes(lower, key) ? key : lower, upper: upper)
    }

    /// The part of the range below `key`.
    package func below(_ key: [UInt8]) -> KeyRange {
        if let upper, ByteOrder.precedes(upper, key) { return self }
        return KeyRange(lower: lower, upper: key)
    }

    /// Whether the key is inside.
    package func contains(_ key: [UInt8]) -> Bool {
        if ByteOrder.precedes(key, lower) { return false }
        guard let upper else { return true }
        return ByteOrder.precedes(key, upper)
    }
}

/// Which way a domain is walked.
package enum Direction: Sendable {
    case forward
    case backward
}
