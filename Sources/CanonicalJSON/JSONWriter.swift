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

    /// How `value(_:)` writes floats whose value is an integer: as such, or as Python's json does.
    private let writesIntegralFloatsAsIntegers: Bool

    /// - Parameter capacity: the expected size in bytes.
    public init(capacity: Int = 0) {
        self.init(capacity: capacity, writesIntegralFloatsAsIntegers: false)
    }

    init(capacity: Int, writesIntegralFloatsAsIntegers: Bool) {
        bytes = []
        bytes.reserveCapacity(capacity)
        self.writesIntegralFloatsAsIntegers = writesIntegralFloatsAsIntegers
    }

    // MARK: Structure

    public mutating func beginObject() { open(Byte.openingBrace) }

    public mutating func endObject() { close(Byte.closingBrace) }

    public mutating func beginArray() { open(Byte.openingBracket) }

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

    // MARK: Values

    public mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    public mutating func integer(_ value: Int64) {
        separate()
        digits(of: value)
    }

    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

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
        case .integer(let value): integer(value)
        case .bigInteger(let digits): text(digits)
        case .double(let value): double(value)
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
        for member in object.members {
            key(member.key)
            value(member.value)
        }
        endObject()
    }

    /// Writes a float as Python's json does, which JSON cannot hold (NaN, the infinities) as null.
    private mutating func double(_ value: Double) {
        if writesIntegralFloatsAsIntegers, let integer = Int64(exactly: value) { return self.integer(integer) }
        if value.isFinite { text(value.pythonRepresentation) } else { null() }
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
        var rest = value.magnitude
        let first = bytes.count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(Byte.zero + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        } while rest > 0
        bytes[first...].reverse()
    }

    // MARK: Strings

    /// Writes a string in quotes; escaped is only what JSON demands, each in its shortest form.
    @inline(__always)
    private mutating func quote(_ string: String) {
        bytes.append(Byte.quote)
        string.withUTF8Bytes { text in
            var plainStart = 0
            var index = 0
            while index < text.count {
                let byte = text[index]
                if byte < 0x20 || byte == Byte.quote || byte == Byte.backslash {
                    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plainStart..<index]))
                    escape(byte)
                    plainStart = index + 1
                }
                index += 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plainStart...]))
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
