/// Why bytes are not the encoding of the tuple that was asked for.
package enum TupleError: Error, Equatable, CustomStringConvertible {
    /// The bytes end inside an element, or before all elements were read.
    case truncated
    /// No element begins with this byte.
    case unknownTypeCode(UInt8)
    /// The next element is of another type, the one with this type code.
    case unexpectedTypeCode(UInt8)
    /// A string is not UTF-8.
    case invalidUTF8
    /// An integer does not fit into the type that was asked for.
    case integerOutOfRange
    /// An integer is not in the one form that encoding gives it.
    case nonCanonicalInteger
    /// Tuples stand in each other more than ``TupleDecoder/nestingMax`` deep.
    case nestedTooDeeply
    /// The tuple has more elements than were asked for.
    case trailingBytes
    /// An element has the right type, but its value is none of the type's: an identifier against its grammar, for instance.
    case invalidValue(String)

    package var description: String {
        switch self {
        case .truncated: "the tuple ends too early"
        case .unknownTypeCode(let code): "no tuple element has the type code \(code)"
        case .unexpectedTypeCode(let code): "the tuple has an element of another type, with the type code \(code)"
        case .invalidUTF8: "a string in the tuple is not UTF-8"
        case .integerOutOfRange: "an integer in the tuple is too large or too small"
        case .nonCanonicalInteger: "an integer in the tuple is not in its shortest form"
        case .nestedTooDeeply: "the tuple is nested more than \(TupleDecoder.nestingMax) deep"
        case .trailingBytes: "the tuple has more elements than expected"
        case .invalidValue(let value): "an element of the tuple has the invalid value “\(value)”"
        }
    }
}
