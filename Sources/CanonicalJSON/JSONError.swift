/// Why a text is not the JSON that was asked for, or why a value has no canonical form.
///
/// Offsets are in bytes from the first byte of the text.
public enum JSONError: Error, Equatable, CustomStringConvertible {
    /// The text is longer than the limit.
    case tooLarge(sizeBytes: Int, maxBytes: Int)
    /// Arrays and objects are nested more deeply than the limit; the offset is that of the bracket that is one too many.
    case tooDeep(depthMax: Int, offset: Int)
    /// The text ends within a value, or holds none.
    case unexpectedEnd(offset: Int)
    /// A byte that cannot stand here.
    case unexpectedByte(UInt8, offset: Int)
    /// Something other than white space follows the value.
    case trailingBytes(offset: Int)
    /// Bytes that are no UTF-8: among them overlong forms and encoded surrogates.
    case invalidUTF8(offset: Int)
    /// A control character (below U+0020) stands unescaped in a string.
    case controlCharacter(UInt8, offset: Int)
    /// A backslash that begins no escape sequence.
    case invalidEscape(offset: Int)
    /// A `\u` escape of one half of a surrogate pair without the other: it stands for no character and has no UTF-8 form.
    case loneSurrogate(offset: Int)
    /// A number with a leading zero, or with digits missing.
    case invalidNumber(offset: Int)
    /// A number with a fraction or an exponent that is too large for a double.
    case floatOutOfRange(offset: Int)
    /// Canonical JSON has no floats. The offset is nil if a value, not a text, was refused.
    case floatNotAllowed(offset: Int?)
    /// Canonical JSON has integers from -(2^53 - 1) to 2^53 - 1 only. The offset is nil if a value, not a text, was refused.
    case integerOutOfRange(offset: Int?)
    /// The text is valid up to here, but its value is not an object.
    case notAnObject(offset: Int)

    /// The reason in a sentence that may be shown to whoever sent the text.
    public var description: String {
        switch self {
        case .tooLarge(let sizeBytes, let maxBytes): "JSON of \(sizeBytes) bytes is larger than the allowed \(maxBytes) bytes"
        case .tooDeep(let depthMax, let offset): "JSON is nested more than \(depthMax) levels deep at byte \(offset)"
        case .unexpectedEnd(let offset): "JSON ends too early at byte \(offset)"
        case .unexpectedByte(let byte, let offset): "JSON has an unexpected \(Self.name(of: byte)) at byte \(offset)"
        case .trailingBytes(let offset): "JSON is followed by something else at byte \(offset)"
        case .invalidUTF8(let offset): "JSON is not valid UTF-8 at byte \(offset)"
        case .controlCharacter(let byte, let offset):
            "JSON string has an unescaped control character \(Self.name(of: byte)) at byte \(offset)"
        case .invalidEscape(let offset): "JSON string has an invalid escape sequence at byte \(offset)"
        case .loneSurrogate(let offset): "JSON string has an escaped surrogate that is not part of a pair at byte \(offset)"
        case .invalidNumber(let offset): "JSON has an invalid number at byte \(offset)"
        case .floatOutOfRange(let offset): "JSON has a number that is too large at byte \(offset)"
        case .floatNotAllowed(let offset): "Canonical JSON does not allow floats\(Self.place(offset))"
        case .integerOutOfRange(let offset): "Canonical JSON does not allow integers beyond 2^53 - 1\(Self.place(offset))"
        case .notAnObject(let offset): "JSON is not an object at byte \(offset)"
        }
    }

    private static func place(_ offset: Int?) -> String {
        offset.map { " at byte \($0)" } ?? ""
    }

    private static func name(of byte: UInt8) -> String {
        if byte > 0x20 && byte < 0x7F { return "'\(Unicode.Scalar(byte))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count < 2 ? "0" : "") + digits
    }
}
