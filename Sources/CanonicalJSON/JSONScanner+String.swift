/// Where a string's text lies between its quotes.
struct StringToken {
    var start: Int
    var end: Int
    var hasEscapes: Bool
}

extension JSONScanner {
    /// Reads a string to its closing quote; the position is just behind the opening one.
    @inline(__always)
    mutating func scanString() throws(JSONError) -> StringToken {
        let start = position
        let special = skipPlainWords()
        if special == Byte.quote {
            advance(by: 1)
            return StringToken(start: start, end: position &- 1, hasEscapes: false)
        }
        return try scanRestOfString(start: start)
    }

    /// The general case: a string with escapes, other characters than ASCII, or within the text's last 8 bytes.
    private mutating func scanRestOfString(start: Int) throws(JSONError) -> StringToken {
        var hasEscapes = false
        while true {
            switch try peek() {
            case Byte.quote:
                advance(by: 1)
                return StringToken(start: start, end: position &- 1, hasEscapes: hasEscapes)
            case Byte.backslash:
                hasEscapes = true
                _ = try scanEscape()
                _ = skipPlainWords()
            case 0x80...:
                repeat { try scanMultibyteCharacter() } while position < end && base[position] >= 0x80
                _ = skipPlainWords()
            case let byte where byte < 0x20:
                throw .controlCharacter(byte, offset: position)
            default:
                advance(by: 1)
            }
        }
    }

    /// Steps over plain ASCII, 8 bytes at a time, up to the first byte that needs a look (a quote, a backslash, a control character, a byte that is
    /// not ASCII) or up to the last 7 bytes of the text.
    ///
    /// - Returns: the byte that needs a look; 0 if the end is near.
    @inline(__always)
    private mutating func skipPlainWords() -> UInt8 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raw = UnsafeRawPointer(base)
        while position &+ 8 <= end {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            // In a word of ASCII a subtraction sets the high bit of each byte that is smaller than what is taken away; a borrow can only falsify
            // bytes above a hit, and the lowest hit is the one that counts.
            let belowSpace = word &- ones &* 0x20
            let quotes = (word ^ ones &* UInt64(Byte.quote)) &- ones
            let backslashes = (word ^ ones &* UInt64(Byte.backslash)) &- ones
            let hits = (belowSpace | quotes | backslashes | word) & (ones &* 0x80)
            if hits != 0 {
                advance(by: hits.trailingZeroBitCount >> 3)
                return base[position]
            }
            advance(by: 8)
        }
        return 0
    }

    /// Steps over a character of two to four bytes: exactly the well-formed sequences of Unicode's table 3-7.
    @inline(__always)
    private mutating func scanMultibyteCharacter() throws(JSONError) {
        let lead = base[position]
        let left = end &- position
        func isContinuation(_ index: Int, from low: UInt8 = 0x80, through high: UInt8 = 0xBF) -> Bool {
            base[position &+ index] >= low && base[position &+ index] <= high
        }
        switch lead {
        case 0xC2...0xDF where left >= 2 && isContinuation(1):
            advance(by: 2)
        case 0xE0...0xEF
        where left >= 3 && isContinuation(1, from: lead == 0xE0 ? 0xA0 : 0x80, through: lead == 0xED ? 0x9F : 0xBF) && isContinuation(2):
            advance(by: 3)
        case 0xF0...0xF4
        where left >= 4 && isContinuation(1, from: lead == 0xF0 ? 0x90 : 0x80, through: lead == 0xF4 ? 0x8F : 0xBF) && isContinuation(2)
            && isContinuation(3):
            advance(by: 4)
        default:
            throw .invalidUTF8(offset: position)
        }
    }

    /// Reads an escape sequence; the position is at its backslash.
    ///
    /// - Returns: the character that it stands for.
    private mutating func scanEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        advance(by: 1)
        let kind = try peek()
        advance(by: 1)
        switch kind {
        case Byte.quote, Byte.backslash, UInt8(ascii: "/"): return Unicode.Scalar(kind)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try scanHexadecimalUnit(escapeStart: start)
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard unit < 0xDC00, end &- position >= 2, base[position] == Byte.backslash, base[position &+ 1] == UInt8(ascii: "u") else {
                throw .loneSurrogate(offset: start)
            }
            let secondStart = position
            advance(by: 2)
            let second = try scanHexadecimalUnit(escapeStart: secondStart)
            guard (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
            else { throw .loneSurrogate(offset: start) }
            return scalar
        default:
            throw .invalidEscape(offset: start)
        }
    }

    private mutating func scanHexadecimalUnit(escapeStart: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try peek() {
            case let byte where byte >= Byte.zero && byte <= Byte.nine: digit = byte - Byte.zero
            case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw .invalidEscape(offset: escapeStart)
            }
            unit = unit << 4 | UInt16(digit)
            advance(by: 1)
        }
        return unit
    }

    /// The string that a token stands for, its escapes resolved.
    @inline(__always)
    func string(_ token: StringToken) -> String {
        if !token.hasEscapes {
            return String(decoding: UnsafeBufferPointer(start: base + token.start, count: token.end &- token.start), as: UTF8.self)
        }
        return stringWithEscapes(token)
    }

    private func stringWithEscapes(_ token: StringToken) -> String {
        // A character is never longer in UTF-8 than its escape sequence is.
        String(unsafeUninitializedCapacity: token.end - token.start) { output in
            var count = 0
            var reader = self
            reader.move(to: token.start)
            while reader.position < token.end {
                let byte = base[reader.position]
                if byte != Byte.backslash {
                    output[count] = byte
                    count += 1
                    reader.advance(by: 1)
                } else if let scalar = try? reader.scanEscape() {
                    for unit in UTF8.encode(scalar).unsafelyUnwrapped {
                        output[count] = unit
                        count += 1
                    }
                }
            }
            return count
        }
    }
}
