/// Writes JSON into one array of bytes: for answers that are put together from pieces, some of which are JSON already.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.key("chunk")
/// writer.beginArray()
/// for event in events { writer.raw(event) }
/// writer.endArray()
/// writer.endObject()
/// ```
///
/// It puts commas and colons itself and checks nothing else: that every begin has its end and every key its value is the caller's part. The form is
/// the shortest one; keys that the caller writes one by one stay in the caller's order.
public struct JSONWriter: Sendable {
    /// What has been written.
    public var bytes: [UInt8]

    /// Whether a value was written last, so that a comma has to come before the next one.
    private var needsComma = false

    /// Whether `value(_:)` writes canonical JSON: floats whose value is an integer as that, and numbers that it does not allow not at all.
    private let isCanonical: Bool

    /// Why the values written have no canonical form; nil if they have one, or if none was asked for.
    private(set) var refusal: JSONError?

    /// A writer that has written nothing.
    ///
    /// - Parameter capacity: the expected size in bytes.
    public init(capacity: Int = 0) {
        self.init(capacity: capacity, isCanonical: false)
    }

    init(capacity: Int, isCanonical: Bool) {
        bytes = []
        bytes.reserveCapacity(capacity)
        self.isCanonical = isCanonical
    }

    /// The number of digits of the largest Int64.
    private static let digitCountMax = 19

    // MARK: - Structure

    /// Begins an object; keys and values, then `endObject()`, come next.
    public mutating func beginObject() { open(Byte.openingBrace) }

    /// Ends the object that was begun last.
    public mutating func endObject() { close(Byte.closingBrace) }

    /// Begins an array; its elements, then `endArray()`, come next.
    public mutating func beginArray() { open(Byte.openingBracket) }

    /// Ends the array that was begun last.
    public mutating func endArray() { close(Byte.closingBracket) }

    /// Writes a member's key; its value comes next.
    public mutating func key(_ key: String) {
        separate()
        quote(key)
        bytes.append(Byte.colon)
        needsComma = false
    }

    @inline(__always)
    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    @inline(__always)
    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(Byte.comma) }
        needsComma = true
    }

    // MARK: - Values

    /// Writes a string, in quotes and escaped where it has to be.
    public mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int64) {
        separate()
        digits(of: value)
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes `null`.
    public mutating func null() { literal("null") }

    /// Writes bytes that are a JSON value already, as they are.
    public mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes bytes that are a JSON value already, as they are.
    public mutating func raw(_ json: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes a value in the form of `JSONValue.encoded()`.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .integer(let value): number(value)
        case .bigInteger(let digits): isCanonical ? refuse(.integerOutOfRange(offset: nil)) : text(digits)
        case .double(let value): number(value)
        case .string(let value): string(value)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object): self.object(object)
        }
    }

    /// Writes an object in the form of `JSONValue.encoded()`.
    public mutating func object(_ object: JSONObject) {
        beginObject()
        object.members.withUnsafeBufferPointer { members in
            for index in members.indices {
                key(members[index].key)
                value(members[index].value)
            }
        }
        endObject()
    }

    @inline(__always)
    private mutating func number(_ value: Int64) {
        if isCanonical && value.magnitude > canonicalIntegerMax.magnitude { return refuse(.integerOutOfRange(offset: nil)) }
        integer(value)
    }

    /// Writes a float as Python's json does; what JSON cannot hold (NaN, the infinities) as null.
    private mutating func number(_ value: Double) {
        if isCanonical {
            guard let integer = Int64(exactly: value), integer.magnitude <= canonicalIntegerMax.magnitude else {
                return refuse(.floatNotAllowed(offset: nil))
            }
            return self.integer(integer)
        }
        if value.isFinite { text(value.pythonRepresentation) } else { null() }
    }

    private mutating func refuse(_ error: JSONError) {
        if refusal == nil { refusal = error }
    }

    private mutating func text(_ text: String) {
        separate()
        text.withUTF8Bytes { bytes.append(contentsOf: $0) }
    }

    @inline(__always)
    private mutating func literal(_ literal: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    private mutating func digits(of value: Int64) {
        if value < 0 { bytes.append(Byte.minus) }
        bytes.append(addingCapacity: Self.digitCountMax) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                var rest = value.magnitude
                let first = count
                repeat {
                    buffer.initializeElement(at: count, to: Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10))
                    count += 1
                    rest /= 10
                } while rest > 0
                buffer[first..<count].reverse()
            }
        }
    }

    // MARK: - Strings

    /// Writes a string in quotes; escaped is only what JSON demands, each in its shortest form.
    @inline(__always)
    private mutating func quote(_ string: String) {
        string.withUTF8Bytes { text in
            var index = 0
            bytes.append(addingCapacity: text.count &+ 2) { output in
                output.append(Byte.quote)
                index = Self.copyPlainStart(of: text, to: &output)
                if index == text.count { output.append(Byte.quote) }
            }
            if index < text.count { quoteRest(of: text, from: index) }
        }
    }

    /// Copies the text up to the first byte that has to be escaped.
    ///
    /// - Returns: how many bytes that are.
    @inline(__always)
    private static func copyPlainStart(of text: UnsafeBufferPointer<UInt8>, to output: inout OutputSpan<UInt8>) -> Int {
        output.withUnsafeMutableBufferPointer { buffer, count in
            guard let source = UnsafeRawPointer(text.baseAddress), let start = UnsafeMutableRawPointer(buffer.baseAddress) else { return 0 }
            // `quote` has made room for the whole text behind what is there already; a word is read and written only if all of it is within the text.
            let target = start + count
            var index = 0
            while index &+ 8 <= text.count {
                let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let escapes = Self.escapes(in: UInt64(littleEndian: word))
                target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                if escapes != 0 {
                    index &+= escapes.trailingZeroBitCount >> 3
                    count &+= index
                    return index
                }
                index &+= 8
            }
            while index < text.count, !isEscaped(text[index]) {
                target.storeBytes(of: text[index], toByteOffset: index, as: UInt8.self)
                index &+= 1
            }
            count &+= index
            return index
        }
    }

    /// The high bits of those of the 8 bytes that have to be escaped; bytes above the lowest hit may be wrong.
    @inline(__always)
    private static func escapes(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* UInt64(Byte.quote)
        let backslashes = word ^ ones &* UInt64(Byte.backslash)
        let controls = (word &- ones &* 0x20) & ~word
        return (controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & (ones &* 0x80)
    }

    @inline(__always)
    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == Byte.quote || byte == Byte.backslash
    }

    /// Writes what is left of a string whose byte at `start` has to be escaped, and the closing quote.
    private mutating func quoteRest(of text: UnsafeBufferPointer<UInt8>, from start: Int) {
        var index = start
        while index < text.count {
            if Self.isEscaped(text[index]) {
                escape(text[index])
                index += 1
            } else {
                let rest = UnsafeBufferPointer(rebasing: text[index...])
                bytes.append(addingCapacity: rest.count) { output in
                    index += Self.copyPlainStart(of: rest, to: &output)
                }
            }
        }
        bytes.append(Byte.quote)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(Byte.backslash)
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case Byte.quote, Byte.backslash: bytes.append(byte)
        default:
            let low = byte & 0x0F
            bytes.append(contentsOf: [UInt8(ascii: "u"), Byte.zero, Byte.zero, Byte.zero + byte >> 4])
            bytes.append(low < 10 ? Byte.zero + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
