// Comparing strings as their UTF-8 bytes. Swift's own `==` and `<` go by Unicode's canonical equivalence, under which "é" and "e\u{301}" are
// equal: as keys of JSON they are two. The order of UTF-8 bytes is that of code points.

extension UnsafeBufferPointer<UInt8> {
    /// Below, at or above zero as these bytes come before, are, or come after the other bytes.
    @inline(__always)
    func order(comparedTo other: UnsafeBufferPointer<UInt8>) -> Int {
        let common = Swift.min(count, other.count)
        if let mine = baseAddress, let others = other.baseAddress {
            // Both pointers hold at least `common` bytes, and each load ends within them.
            var index = 0
            while index &+ 8 <= common {
                let left = UnsafeRawPointer(mine).loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let right = UnsafeRawPointer(others).loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if left != right { return left.bigEndian < right.bigEndian ? -1 : 1 }
                index &+= 8
            }
            while index < common {
                if mine[index] != others[index] { return Int(mine[index]) &- Int(others[index]) }
                index &+= 1
            }
        }
        return count &- other.count
    }
}

extension String {
    /// Calls the closure with the string's UTF-8 bytes; copies them first only if the string is not stored as UTF-8.
    @inline(__always)
    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        var contiguous = self
        return contiguous.withUTF8(body)
    }

    @inline(__always)
    func order(comparedTo other: String) -> Int {
        withUTF8Bytes { mine in other.withUTF8Bytes { others in mine.order(comparedTo: others) } }
    }

    @inline(__always)
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && order(comparedTo: other) == 0
    }

    func hashBytes(into hasher: inout Hasher) {
        withUTF8Bytes { bytes in
            hasher.combine(bytes.count)
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
    }
}
