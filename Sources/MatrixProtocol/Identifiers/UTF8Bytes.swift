/// Comparing and hashing strings by their UTF-8 bytes, as the protocol does, where `String` itself goes by canonical equivalence.
enum UTF8Bytes {
    /// Whether both strings consist of the same bytes.
    static func equal(_ a: String, _ b: String) -> Bool {
        let a = a.utf8.span
        let b = b.utf8.span
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }

    /// Whether `a` sorts before `b` by bytes, which is the order of their code points.
    static func less(_ a: String, _ b: String) -> Bool {
        let a = a.utf8.span
        let b = b.utf8.span
        let shared = min(a.count, b.count)
        var index = 0
        while index < shared {
            if a[index] != b[index] { return a[index] < b[index] }
            index += 1
        }
        return a.count < b.count
    }

    /// Feeds the bytes to `hasher`, eight at a time.
    static func hash(_ string: String, into hasher: inout Hasher) {
        let bytes = string.utf8.span
        var word: UInt64 = 0
        for index in bytes.indices {
            word = word << 8 | UInt64(bytes[index])
            if index & 7 == 7 {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word)
        hasher.combine(bytes.count)
    }
}
