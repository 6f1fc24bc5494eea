/// An identifier of the protocol: text whose identity is its UTF-8 bytes.
///
/// Two identifiers are equal when their bytes are, whatever Unicode says about canonical equivalence, and sort by their bytes
/// (appendices, "Identifier Grammar").
package protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The identifier as it travels, sigil included.
    var string: String { get }

    /// Checks the grammar of what is accepted from others; nil when `string` breaks it.
    init?(_ string: String)

    /// Takes a string that was checked before, such as one that the store holds.
    init(trusted string: String)
}

extension Identifier {
    package var description: String { string }

    package static func == (a: Self, b: Self) -> Bool { UTF8Bytes.equal(a.string, b.string) }

    package static func < (a: Self, b: Self) -> Bool { UTF8Bytes.less(a.string, b.string) }

    package func hash(into hasher: inout Hasher) { UTF8Bytes.hash(string, into: &hasher) }
}

/// Limits and pieces that the grammars of identifiers share.
enum IdentifierGrammar {
    /// The longest identifier, sigil and domain included, in bytes.
    static let sizeMaxBytes = 255

    /// The longest identifier in code points: before room version 11 that is how servers have counted in places, so that an event with
    /// a longer one in bytes must not be lost. `Event` counts bytes from room version 11 on.
    static let lengthMaxCodePoints = 255

    /// Whether `string` starts with `sigil`, is short enough, and has no NUL.
    static func hasShape(_ string: String, sigil: UInt8) -> Bool {
        let bytes = string.utf8
        guard bytes.first == sigil, bytes.count > 1, !bytes.contains(0) else { return false }
        return bytes.count <= sizeMaxBytes || string.unicodeScalars.count <= lengthMaxCodePoints
    }

    /// The localpart and the server name of `&localpart:domain`: the localpart ends at the first colon.
    static func split(_ string: String) -> (localpart: Substring, domain: Substring)? {
        let bytes = string.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return (string[bytes.index(after: bytes.startIndex)..<colon], string[bytes.index(after: colon)...])
    }
}
