/// What a key looks like to people, so that a message can say what is expected.
package enum ReadableForm: Sendable, Hashable {
    /// Text, of the kind that it names: `user ID`.
    case text(String)
    /// A decimal integer.
    case integer(String)
    /// Hexadecimal digits.
    case bytes(String)
    /// The form, or null.
    indirect case optional(ReadableForm)
    /// Several parts, one after the other.
    case list([ReadableForm])

    /// A type's name as words: `short room ID` for `ShortRoomID`.
    package static func words(of type: Any.Type) -> String {
        var words: [String] = []
        var last: Character?
        for character in "\(type)" {
            // A capital begins a word after a small letter; in a row of capitals none does, since the last word may be an abbreviation.
            if words.isEmpty || character.isUppercase && last?.isLowercase == true {
                words.append(String(character))
            } else {
                words[words.count - 1].append(character)
            }
            last = character
        }
        return words.map { $0.allSatisfy(\.isUppercase) ? $0 : $0.lowercased() }.joined(separator: " ")
    }
}

extension ReadableForm: CustomStringConvertible {
    /// `user ID`, `[short room ID, user ID]`, `hash (hexadecimal)`.
    package var description: String {
        switch self {
        case .text(let name), .integer(let name): name
        case .bytes(let name): "\(name) (hexadecimal)"
        case .optional(let form): "\(form) or null"
        case .list(let parts): "[" + parts.map(\.description).joined(separator: ", ") + "]"
        }
    }
}
