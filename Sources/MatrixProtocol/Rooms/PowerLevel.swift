internal import CanonicalJSON

/// A user's power: a level, or more than any level (room version 12's creators).
package enum PowerLevel: Sendable, Hashable, Comparable, CustomStringConvertible {
    case level(Int64)
    case infinite

    package var description: String {
        switch self {
        case .level(let level): "\(level)"
        case .infinite: "infinite"
        }
    }
}

/// What counts as a level in `m.room.power_levels` ("Deprecated event content schemas" of each room version).
package enum PowerLevelForm: Sendable, Hashable {
    /// A JSON integer.
    case integer
    /// An integer, or a text of one.
    case integerOrText
    /// Any number, of which the part before the decimal point counts, or a text of an integer.
    case numberOrText
}

extension JSONValue {
    /// The level that the value is; nil if it is none.
    func powerLevel(_ form: PowerLevelForm) -> Int64? {
        switch self {
        case .integer(let level): level
        case .string(let text) where form != .integer: Self.integer(inText: text)
        case .double(let number) where form == .numberOrText: Int64(exactly: number.rounded(.towardZero))
        default: nil
        }
    }

    /// The integer in a text: one sign perhaps, digits, and white space around it.
    private static func integer(inText text: String) -> Int64? {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || (0x09...0x0d).contains($0) }
        let bytes = text.utf8.drop(while: isSpace)
        guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return nil }
        return Int64(Substring(bytes[...last]))
    }
}
