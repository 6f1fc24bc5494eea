/// Comparing and hashing strings by their UTF-8 bytes, as the protocol does, where `String` itself goes by canonical equivalence.
enum UTF8Bytes {
    /// Whether both strings consist of the same bytes.
    static func equal(_ a: String, _ b: String) -> Bool {
        let a = a.utf8.span.bytes
        let b = b.utf8.span.bytes
        guard a.byteCount == b.byteCount else { return false }
        var offset = 0
        while offset + 8 <= a.byteCount {
            if word(a, at: offset) != word(b, at: offset) { return false }
            offset += 8
        }
        while offset < a.byteCount {
            if byte(a, at: offset) != byte(b, at: offset) { return false }
            offset += 1
        }
        return true
    }

    /// Whether `a` sorts before `b` by bytes, which is the order of their code points.
    static func less(_ a: String, _ b: String) -> Bool {
        let a = a.utf8.span.bytes
        let b = b.utf8.span.bytes
        for offset in 0..<min(a.byteCount, b.byteCount) where byte(a, at: offset) != byte(b, at: offset) {
            return byte(a, at: offset) < byte(b, at: offset)
        }
        return a.byteCount < b.byteCount
    }

    /// Feeds the bytes to `hasher`, eight at a time, and their number.
    static func hash(_ string: String, into hasher: inout Hasher) {
        let bytes = string.utf8.span.bytes
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            hasher.combine(word(bytes, at: offset))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.byteCount {
            rest = rest << 8 | UInt64(byte(bytes, at: offset))
            offset += 1
        }
        hasher.combine(rest)
        hasher.combine(bytes.byteCount)
    }

    // The loads check their bounds, and any bytes are a valid integer.

    private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    private static func byte(_ bytes: RawSpan, at offset: Int) -> UInt8 {
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }
}
