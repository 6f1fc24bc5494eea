/// Reads the tokens of one JSON text and validates all of it: grammar, UTF-8, strictness, depth. Everything that reads JSON in this module is built
/// on it, so that all of it accepts the same texts.
///
/// Invariants, which make the unsafe reads safe: `base` points to `end` readable bytes for as long as the scanner lives (it is made inside
/// `withScanner` and never leaves it); `0 <= position <= end`; a byte is read only at an index that was compared with `end` before.
struct JSONScanner {
    let base: UnsafePointer<UInt8>
    let end: Int
    let strictness: JSONStrictness
    let depthMax: Int
    private(set) var position = 0

    /// Calls the closure with a scanner of the text, white space before the value skipped, and checks that nothing follows what it has read.
    @inline(__always)
    static func withScanner<Result>(
        of text: ArraySlice<UInt8>, _ strictness: JSONStrictness, _ limits: JSONLimits,
        _ body: (inout JSONScanner) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        guard text.count <= limits.sizeMaxBytes else { throw .tooLarge(sizeBytes: text.count, maxBytes: limits.sizeMaxBytes) }
        let outcome = text.withUnsafeBufferPointer { bytes -> Swift.Result<Result, JSONError> in
            guard let base = bytes.baseAddress else { return .failure(.unexpectedEnd(offset: 0)) }
            var scanner = JSONScanner(base: base, end: bytes.count, strictness: strictness, depthMax: limits.depthMax)
            do throws(JSONError) {
                scanner.skipWhiteSpace()
                let result = try body(&scanner)
                scanner.skipWhiteSpace()
                guard scanner.position == scanner.end else { return .failure(.trailingBytes(offset: scanner.position)) }
                return .success(result)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private init(base: UnsafePointer<UInt8>, end: Int, strictness: JSONStrictness, depthMax: Int) {
        self.base = base
        self.end = end
        self.strictness = strictness
        self.depthMax = depthMax
    }

    // MARK: - Single bytes

    @inline(__always)
    mutating func skipWhiteSpace() {
        while position < end {
            let byte = base[position]
            if byte > 0x20 { return }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position &+= 1
        }
    }

    /// The byte at the position, which stays.
    @inline(__always)
    func peek() throws(JSONError) -> UInt8 {
        guard position < end else { throw .unexpectedEnd(offset: position) }
        return base[position]
    }

    /// Steps over the byte if it is the next one.
    @inline(__always)
    mutating func skip(ifNext byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        position &+= 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard try skip(ifNext: byte) else { throw .unexpectedByte(base[position], offset: position) }
    }

    @inline(__always)
    func checkDepth(_ depth: Int) throws(JSONError) {
        if depth > depthMax { throw .tooDeep(depthMax: depthMax, offset: position) }
    }

    /// Steps over `true`, `false` or `null`.
    @inline(__always)
    mutating func expect(literal: StaticString) throws(JSONError) {
        for index in 0..<literal.utf8CodeUnitCount {
            try expect(literal.utf8Start[index])
        }
    }

    // MARK: - Structure

    /// Reads what comes between an array's elements.
    ///
    /// - Returns: whether another element follows.
    @inline(__always)
    mutating func nextElement() throws(JSONError) -> Bool {
        skipWhiteSpace()
        if try skip(ifNext: Byte.comma) {
            skipWhiteSpace()
            return true
        }
        try expect(Byte.closingBracket)
        return false
    }

    /// Reads what comes between an object's members.
    ///
    /// - Returns: whether another member follows.
    @inline(__always)
    mutating func nextMember() throws(JSONError) -> Bool {
        skipWhiteSpace()
        if try skip(ifNext: Byte.comma) {
            skipWhiteSpace()
            return true
        }
        try expect(Byte.closingBrace)
        return false
    }

    /// Steps over an opening bracket or brace and the white space behind it.
    ///
    /// - Returns: whether something is in the array or object; if not, its end is stepped over too.
    @inline(__always)
    mutating func open(closing: UInt8, depth: Int) throws(JSONError) -> Bool {
        try checkDepth(depth)
        position &+= 1
        skipWhiteSpace()
        return try !skip(ifNext: closing)
    }

    /// Reads a member's key, the colon and the white space around it.
    @inline(__always)
    mutating func scanKey() throws(JSONError) -> StringToken {
        try expect(Byte.quote)
        let key = try scanString()
        skipWhiteSpace()
        try expect(Byte.colon)
        skipWhiteSpace()
        return key
    }

    /// Steps over a value, validating it.
    ///
    /// - Parameter depth: how many arrays and objects it is in.
    mutating func skipValue(depth: Int) throws(JSONError) {
        switch try peek() {
        case Byte.quote:
            position &+= 1
            _ = try scanString()
        case Byte.openingBrace:
            guard try open(closing: Byte.closingBrace, depth: depth + 1) else { return }
            repeat {
                _ = try scanKey()
                try skipValue(depth: depth + 1)
            } while try nextMember()
        case Byte.openingBracket:
            guard try open(closing: Byte.closingBracket, depth: depth + 1) else { return }
            repeat {
                try skipValue(depth: depth + 1)
            } while try nextElement()
        case Byte.minus, Byte.zero...Byte.nine:
            try checkRange(of: scanNumber())
        case UInt8(ascii: "t"):
            try expect(literal: "true")
        case UInt8(ascii: "f"):
            try expect(literal: "false")
        case UInt8(ascii: "n"):
            try expect(literal: "null")
        case let byte:
            throw .unexpectedByte(byte, offset: position)
        }
    }

    // MARK: - Position, for the extensions in other files

    @inline(__always)
    mutating func advance(by count: Int) {
        position &+= count
        assert(position <= end)
    }

    @inline(__always)
    mutating func move(to offset: Int) {
        position = offset
        assert(position <= end)
    }
}

/// The bytes that JSON gives a meaning.
enum Byte {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let openingBrace = UInt8(ascii: "{")
    static let closingBrace = UInt8(ascii: "}")
    static let openingBracket = UInt8(ascii: "[")
    static let closingBracket = UInt8(ascii: "]")
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let point = UInt8(ascii: ".")
    static let zero = UInt8(ascii: "0")
    static let nine = UInt8(ascii: "9")
}
