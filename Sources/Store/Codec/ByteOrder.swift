import Glibc

/// Orders byte strings as RocksDB does: byte by byte, unsigned, a prefix first.
enum ByteOrder {
    /// Whether `left` comes before `right`.
    static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        compare(left, right) < 0
    }

    /// Negative, zero or positive, as `left` comes before `right`, equals it, or comes after it.
    static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        // Both pointers are valid for the smaller of the two counts, and only within the closures.
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                let shared = min(left.count, right.count)
                if shared > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress {
                    let order = memcmp(leftBase, rightBase, shared)
                    if order != 0 { return Int(order) }
                }
                return left.count - right.count
            }
        }
    }
}
