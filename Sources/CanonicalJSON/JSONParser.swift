// Reading a text into values.

extension JSONValue {
    /// Reads a JSON text (RFC 8259) in strict UTF-8, white space around it allowed.
    ///
    /// Of an object's members with the same key the last one stays, as in Python's json and so in Synapse.
    ///
    /// - Parameters:
    ///   - text: the whole text. A byte order mark is refused.
    ///   - strictness: which numbers are allowed.
    ///   - limits: how long and how deep the text may be.
    /// - Throws: `JSONError` with the offset of the first offence.
    public init(parsing text: [UInt8], _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: text[...], strictness, limits: limits)
    }

    /// Reads a JSON text that is part of an array of bytes; offsets in errors count from its first byte.
    public init(parsing text: ArraySlice<UInt8>, _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError) {
        self = try JSONScanner.withScanner(of: text, strictness, limits) { scanner throws(JSONError) in
            try scanner.parseValue(depth: 0)
        }
    }
}

extension JSONObject {
    /// Reads a JSON text whose value must be an object, otherwise like `JSONValue.init(parsing:_:limits:)`.
    ///
    /// - Throws: `JSONError`; `notAnObject` if the text is another value.
    public init(parsing text: [UInt8], _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: text[...], strictness, limits: limits)
    }

    /// Reads a JSON text that is part of an array of bytes and whose value must be an object; offsets in errors count from its first byte.
    public init(parsing text: ArraySlice<UInt8>, _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws(JSONError) {
        self = try JSONScanner.withScanner(of: text, strictness, limits) { scanner throws(JSONError) in
            guard try scanner.peek() == Byte.openingBrace else { throw .notAnObject(offset: scanner.position) }
            return try scanner.parseObject(depth: 1)
        }
    }
}

extension JSONScanner {
    /// Reads a value.
    ///
    /// - Parameter depth: how many arrays and objects it is in.
    fileprivate mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        switch try peek() {
        case Byte.quote:
            advance(by: 1)
            return .string(string(try scanString()))
        case Byte.openingBrace:
            return .object(try parseObject(depth: depth + 1))
        case Byte.openingBracket:
            return .array(try parseArray(depth: depth + 1))
        case Byte.minus, Byte.zero...Byte.nine:
            return try number(scanNumber())
        case UInt8(ascii: "t"):
            try expect(literal: "true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect(literal: "false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect(literal: "null")
            return .null
        case let byte:
            throw .unexpectedByte(byte, offset: position)
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        guard try open(closing: Byte.closingBracket, depth: depth) else { return elements }
        repeat {
            elements.append(try parseValue(depth: depth))
        } while try nextElement()
        return elements
    }

    /// Room for the members of an event.
    private static var expectedMemberCount: Int { 16 }

    fileprivate mutating func parseObject(depth: Int) throws(JSONError) -> JSONObject {
        guard try open(closing: Byte.closingBrace, depth: depth) else { return JSONObject() }
        var members: [JSONObject.Member] = []
        if depth == 1 { members.reserveCapacity(Self.expectedMemberCount) }
        var isAscending = true
        var last: StringToken?
        repeat {
            let key = try scanKey()
            if isAscending {
                if let last { isAscending = isOrdered(last, before: key) }
                last = key
            }
            let value = try parseValue(depth: depth)
            members.append(JSONObject.Member(key: string(key), value: value))
        } while try nextMember()
        return isAscending ? JSONObject(ascending: members) : JSONObject(unordered: members)
    }

    /// Whether the text alone shows that one key comes before another: keys with escapes are left to a later comparison.
    @inline(__always)
    private func isOrdered(_ first: StringToken, before second: StringToken) -> Bool {
        guard !first.hasEscapes && !second.hasEscapes else { return false }
        let left = UnsafeBufferPointer(start: base + first.start, count: first.end &- first.start)
        let right = UnsafeBufferPointer(start: base + second.start, count: second.end &- second.start)
        return left.order(comparedTo: right) < 0
    }
}
