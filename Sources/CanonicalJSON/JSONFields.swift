/// Where the members of one object lie in its text: found in one pass that validates the whole text and decodes nothing.
///
/// ```swift
/// let fields = try JSONFields(scanning: event, .canonical)
/// let type = fields.string("type")
/// if let content = fields["content"] { writer.raw(event[content]) }
/// ```
///
/// Ranges index the array, or the slice, that was scanned. The values are valid JSON of the given strictness, not necessarily in canonical form.
public struct JSONFields: Sendable {
    private struct Field: Sendable {
        var nameStart: UInt32
        var nameEnd: UInt32
        var valueStart: UInt32
        var valueEnd: UInt32
        var nameHasEscapes: Bool
    }

    /// The text that was scanned.
    public let bytes: ArraySlice<UInt8>

    /// In the order of the text; offsets count from its first byte.
    private let fields: [Field]

    /// Room for the members of an event, so that scanning one allocates once.
    private static let expectedFieldCount = 16

    /// Scans an object.
    ///
    /// - Parameters:
    ///   - text: the whole text of the object, white space around it allowed.
    ///   - strictness: which numbers are allowed.
    ///   - limits: how long and how deep the text may be.
    /// - Throws: `JSONError`; `notAnObject` if the text is another value.
    public init(scanning text: [UInt8], _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(scanning: text[...], strictness, limits: limits)
    }

    /// Scans an object that is part of an array of bytes, for instance the value of another scan's field. The ranges index the same array; offsets
    /// in errors count from the slice's first byte.
    public init(scanning text: ArraySlice<UInt8>, _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError)
    {
        bytes = text
        fields = try JSONScanner.withScanner(of: text, strictness, limits) { scanner throws(JSONError) in
            guard try scanner.peek() == Byte.openingBrace else { throw .notAnObject(offset: scanner.position) }
            var fields: [Field] = []
            guard try scanner.open(closing: Byte.closingBrace, depth: 1) else { return fields }
            fields.reserveCapacity(Self.expectedFieldCount)
            repeat {
                let name = try scanner.scanKey()
                let valueStart = scanner.position
                try scanner.skipValue(depth: 1)
                // A text is shorter than 4 GiB: JSONLimits sees to it.
                fields.append(
                    Field(
                        nameStart: UInt32(truncatingIfNeeded: name.start), nameEnd: UInt32(truncatingIfNeeded: name.end),
                        valueStart: UInt32(truncatingIfNeeded: valueStart), valueEnd: UInt32(truncatingIfNeeded: scanner.position),
                        nameHasEscapes: name.hasEscapes))
            } while try scanner.nextMember()
            return fields
        }
    }

    /// The byte range of the member's value, without white space around it; nil if there is no such member. The last one of several.
    public subscript(name: String) -> Range<Int>? {
        let index = name.withUTF8Bytes { wanted in
            bytes.withUnsafeBufferPointer { text in
                fields.lastIndex { field in
                    let nameBytes = UnsafeBufferPointer(rebasing: text[Int(field.nameStart)..<Int(field.nameEnd)])
                    if field.nameHasEscapes { return decodedName(nameBytes, is: wanted) }
                    return nameBytes.count == wanted.count && nameBytes.order(comparedTo: wanted) == 0
                }
            }
        }
        return index.map { range(fields[$0].valueStart, fields[$0].valueEnd) }
    }

    private func decodedName(_ name: UnsafeBufferPointer<UInt8>, is wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let quoted = [Byte.quote] + name + [Byte.quote]
        return JSONReader.string(quoted[...])?.withUTF8Bytes { $0.order(comparedTo: wanted) == 0 } ?? false
    }

    @inline(__always)
    private func range(_ start: UInt32, _ end: UInt32) -> Range<Int> {
        bytes.startIndex + Int(start)..<bytes.startIndex + Int(end)
    }

    /// The bytes of the member's value; nil if there is no such member.
    public func slice(_ name: String) -> ArraySlice<UInt8>? {
        self[name].map { bytes[$0] }
    }

    /// The member's value if it is a string.
    public func string(_ name: String) -> String? {
        slice(name).flatMap(JSONReader.string)
    }

    /// The member's value if it is an integer within Int64.
    public func integer(_ name: String) -> Int64? {
        slice(name).flatMap(JSONReader.integer)
    }
}

extension JSONFields: RandomAccessCollection {
    /// A member: the range of its name between the quotes, escapes as they stand, and that of its value.
    public typealias Element = (name: Range<Int>, value: Range<Int>)

    public var startIndex: Int { 0 }

    public var endIndex: Int { fields.count }

    public subscript(position: Int) -> Element {
        let field = fields[position]
        return (range(field.nameStart, field.nameEnd), range(field.valueStart, field.valueEnd))
    }
}
