import Crypto
import Store

/// The hash of a room state that can follow each change without a look at the rest: the sum modulo 2^256 of an HMAC-SHA-256 of
/// each entry, under a secret, so that nobody can make two states with one sum.
struct StateSum: Hashable {
    /// The sum's four words, the lowest first.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// The sum of the empty state.
    init() {}

    /// Adds an entry.
    mutating func add(_ key: ShortStateKey, _ event: ShortEventID, secret: SymmetricKey) {
        let term = Self.term(key, event, secret)
        var carry: UInt64 = 0
        words.0 = Self.add(words.0, term.0, &carry)
        words.1 = Self.add(words.1, term.1, &carry)
        words.2 = Self.add(words.2, term.2, &carry)
        words.3 = Self.add(words.3, term.3, &carry)
    }

    /// Takes an entry away.
    mutating func remove(_ key: ShortStateKey, _ event: ShortEventID, secret: SymmetricKey) {
        let term = Self.term(key, event, secret)
        // Subtraction is the addition of the complement and 1.
        var carry: UInt64 = 1
        words.0 = Self.add(words.0, ~term.0, &carry)
        words.1 = Self.add(words.1, ~term.1, &carry)
        words.2 = Self.add(words.2, ~term.2, &carry)
        words.3 = Self.add(words.3, ~term.3, &carry)
    }

    /// The sum as 32 bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.sizeBytes)
        for word in [words.0, words.1, words.2, words.3] { word.encodeFixedWidth(to: &bytes) }
        return bytes
    }

    /// Reads 32 bytes.
    init(bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        func word(_ index: Int) -> UInt64 { UInt64(fixedWidth: bytes[start + index * 8..<start + index * 8 + 8]) }
        words = (word(0), word(1), word(2), word(3))
    }

    static let sizeBytes = 32

    private static func add(_ left: UInt64, _ right: UInt64, _ carry: inout UInt64) -> UInt64 {
        let (sum, first) = left.addingReportingOverflow(right)
        let (total, second) = sum.addingReportingOverflow(carry)
        carry = first || second ? 1 : 0
        return total
    }

    private static func term(_ key: ShortStateKey, _ event: ShortEventID, _ secret: SymmetricKey) -> (UInt64, UInt64, UInt64, UInt64) {
        let code = Array(HMAC<SHA256>.authenticationCode(for: key.encoded + event.encoded, using: secret))
        return StateSum(bytes: code[...]).words
    }

    static func == (left: StateSum, right: StateSum) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
