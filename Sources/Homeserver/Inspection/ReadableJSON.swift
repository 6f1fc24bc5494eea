import CanonicalJSON
import Store

extension ReadableValue {
    /// The key as JSON: bytes are text of hexadecimal digits, so that what is read can be written again.
    var keyJSON: JSONValue {
        json { .string(Hexadecimal.encode($0)) }
    }

    /// The value as JSON: bytes are JSON where they are an object or an array, text where they can be read as such, and hexadecimal digits
    /// otherwise.
    var valueJSON: JSONValue {
        json(Self.guess)
    }

    private func json(_ bytesJSON: ([UInt8]) -> JSONValue) -> JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): Int64(exactly: value).map { .integer($0) } ?? .bigInteger("\(value)")
        case .text(let text): .string(text)
        case .bytes(let bytes): bytesJSON(bytes)
        case .list(let elements): .array(elements.map { $0.json(bytesJSON) })
        case .object(let members):
            .object(members.reduce(into: JSONObject()) { object, member in object[member.name] = member.value.json(bytesJSON) })
        }
    }

    private static func guess(_ bytes: [UInt8]) -> JSONValue {
        if bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "["), let value = try? JSONValue(parsing: bytes) { return value }
        let text = String(validating: bytes, as: UTF8.self)
        let isText = text?.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ?? false
        return .string(isText ? text ?? "" : Hexadecimal.encode(bytes))
    }
}

extension ReadableValue {
    /// A key that somebody gave as text: as it is where it is text, a number or hexadecimal digits, and a JSON array where it has several parts.
    /// Text may also stand in quotes, as JSON.
    ///
    /// - Throws: `ReadableFormError` when the text can't be in the form.
    init(argument: String, in form: ReadableForm) throws(ReadableFormError) {
        switch form {
        case .text, .bytes:
            let json = argument.utf8.first == UInt8(ascii: "\"") ? try? JSONValue(parsing: Array(argument.utf8)) : nil
            self = .text(json?.stringValue ?? argument)
        case .integer:
            guard let integer = Int128(argument) else { throw ReadableFormError(expected: form) }
            self = .integer(integer)
        case .optional(let form):
            self = argument == "null" ? .null : try ReadableValue(argument: argument, in: form)
        case .list(let parts):
            if let elements = (try? JSONValue(parsing: Array(argument.utf8)))?.arrayValue {
                self = .list(try elements.map { element throws(ReadableFormError) in try ReadableValue(element, in: form) })
            } else if let first = parts.first {
                // The first part alone is a prefix that needs no brackets.
                self = .list([try ReadableValue(argument: argument, in: first)])
            } else {
                throw ReadableFormError(expected: form)
            }
        }
    }

    private init(_ json: JSONValue, in form: ReadableForm) throws(ReadableFormError) {
        switch json {
        case .null: self = .null
        case .integer(let integer): self = .integer(Int128(integer))
        case .bigInteger(let digits):
            guard let integer = Int128(digits) else { throw ReadableFormError(expected: form) }
            self = .integer(integer)
        case .string(let text): self = .text(text)
        default: throw ReadableFormError(expected: form)
        }
    }
}
