import Store

extension Reader {
    /// The messages that a key has, those after a number, in their order.
    ///
    /// - Parameter limit: at most so many.
    package func streamMessages(
        of key: String, after sequence: UInt64 = 0, in scope: Scope, limit: Int = .max
    ) throws -> [StreamMessage] {
        let scopeBytes = scope.encoded
        // What the key says spares walking over what has been deleted before its first message.
        guard let known = try get(TransitoryMaps.streamKeys, TupleKey(scopeBytes, key)), known.size > 0 else { return [] }
        guard sequence < known.last else { return [] }
        let range = KeyRange.streamMessages(of: key, max(known.first, sequence + 1)...known.last, in: scopeBytes)
        var messages = try domain(TransitoryMaps.streamMessages, range)
        return try messages.collect(limit: limit).map { StreamMessage(sequence: $0.key.parts.2, value: $0.value) }
    }

    /// How many messages a key has.
    package func streamSize(of key: String, in scope: Scope) throws -> UInt64 {
        try get(TransitoryMaps.streamKeys, TupleKey(scope.encoded, key))?.size ?? 0
    }

    /// How many messages each key of a scope has; keys that have none are left out.
    package func streamSizes(in scope: Scope) throws -> [(key: String, size: UInt64)] {
        var keys = try domain(TransitoryMaps.streamKeys, .tuples(scope.encoded))
        return try keys.collect().compactMap { $0.value.size > 0 ? ($0.key.parts.1, $0.value.size) : nil }
    }

    /// Whether somebody has made the scope, and it has not expired.
    package func hasStream(_ scope: Scope) throws -> Bool {
        try contains(TransitoryMaps.streams, scope)
    }
}

extension KeyRange {
    /// The messages of a scope's key with these numbers.
    static func streamMessages(of key: String, _ numbers: ClosedRange<UInt64>, in scope: [UInt8]) -> KeyRange {
        KeyRange(
            lower: TupleKey(scope, key, numbers.lowerBound).encoded, upper: TupleKey(scope, key, numbers.upperBound + 1).encoded)
    }
}
