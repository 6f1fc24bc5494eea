/// A key or a value as people read and write it, before it is put into text.
package enum ReadableValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Wide enough for every integer that is stored.
    case integer(Int128)
    case text(String)
    /// What has no form of its own: JSON, or bytes that nobody reads. When it is read, hexadecimal digits stand for it.
    case bytes([UInt8])
    case list([ReadableValue])
    case object([Member])

    /// A named part of an object.
    package struct Member: Sendable, Hashable {
        package let name: String
        package let value: ReadableValue

        package init(_ name: String, _ value: ReadableValue) {
            self.name = name
            self.value = value
        }
    }
}

extension ReadableValue: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, ReadableValue)...) {
        self = .object(members.map { Member($0, $1) })
    }
}

/// A value isn't in the form that was expected.
package struct ReadableFormError: Error, Equatable, CustomStringConvertible {
    package let expected: ReadableForm

    package init(expected: ReadableForm) {
        self.expected = expected
    }

    package var description: String { "what is expected is \(expected)" }
}

extension ReadableValue {
    /// The text.
    ///
    /// - Throws: ``ReadableFormError`` if it is something else.
    func text(_ form: ReadableForm) throws(ReadableFormError) -> String {
        guard case .text(let text) = self else { throw ReadableFormError(expected: form) }
        return text
    }

    /// The integer, as a type that holds it.
    ///
    /// - Throws: ``ReadableFormError`` if it is something else, or out of the type's range.
    func integer<Integer: FixedWidthInteger>(_ form: ReadableForm) throws(ReadableFormError) -> Integer {
        guard case .integer(let wide) = self, let integer = Integer(exactly: wide) else { throw ReadableFormError(expected: form) }
        return integer
    }

    /// The bytes, or those that an even number of hexadecimal digits stands for.
    ///
    /// - Throws: ``ReadableFormError`` if it is something else.
    func bytes(_ form: ReadableForm) throws(ReadableFormError) -> [UInt8] {
        switch self {
        case .bytes(let bytes): return bytes
        case .text(let digits):
            guard let bytes = Hexadecimal.decode(digits) else { throw ReadableFormError(expected: form) }
            return bytes
        default: throw ReadableFormError(expected: form)
        }
    }

    /// The list's elements; what isn't a list stands for one of itself.
    var elements: [ReadableValue] {
        if case .list(let elements) = self { elements } else { [self] }
    }
}
