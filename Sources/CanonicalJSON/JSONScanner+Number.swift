/// A number as it stands in the text.
struct NumberToken {
    var start: Int
    var end: Int
    var isNegative: Bool
    /// Whether it has a fraction or an exponent.
    var isFloat: Bool
    /// The digits before the fraction as a number; nil if they exceed UInt64.
    var magnitude: UInt64?
}

extension JSONScanner {
    /// Reads a number; the position is at its minus sign or first digit. Checks what the strictness asks for.
    mutating func scanNumber() throws(JSONError) -> NumberToken {
        let start = position
        let isNegative = base[position] == Byte.minus
        if isNegative { advance(by: 1) }

        let firstDigit = position
        var magnitude: UInt64 = 0
        var overflows = false
        while position < end, base[position] &- Byte.zero < 10 {
            // 19 digits always fit; only beyond them is it worth checking.
            if position &- firstDigit < 19 {
                magnitude = magnitude &* 10 &+ UInt64(base[position] &- Byte.zero)
            } else {
                let (product, productOverflows) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, sumOverflows) = product.addingReportingOverflow(UInt64(base[position] &- Byte.zero))
                overflows = overflows || productOverflows || sumOverflows
                magnitude = sum
            }
            advance(by: 1)
        }
        let digits = position &- firstDigit
        guard digits == 1 || (digits > 1 && base[firstDigit] != Byte.zero) else { throw .invalidNumber(offset: start) }

        var isFloat = false
        if position < end, base[position] == Byte.point {
            isFloat = true
            advance(by: 1)
            try skipDigits(ofNumberAt: start)
        }
        if position < end, base[position] | 0x20 == UInt8(ascii: "e") {
            isFloat = true
            advance(by: 1)
            if position < end, base[position] == Byte.plus || base[position] == Byte.minus { advance(by: 1) }
            try skipDigits(ofNumberAt: start)
        }

        if strictness == .canonical {
            if isFloat { throw .floatNotAllowed(offset: start) }
            if overflows || magnitude > UInt64(canonicalIntegerMax) { throw .integerOutOfRange(offset: start) }
        }
        return NumberToken(start: start, end: position, isNegative: isNegative, isFloat: isFloat, magnitude: overflows ? nil : magnitude)
    }

    private mutating func skipDigits(ofNumberAt start: Int) throws(JSONError) {
        let first = position
        while position < end, base[position] &- Byte.zero < 10 { advance(by: 1) }
        if position == first { throw .invalidNumber(offset: start) }
    }

    /// Refuses a float that no double can hold.
    @inline(__always)
    func checkRange(of token: NumberToken) throws(JSONError) {
        if token.isFloat { _ = try double(token) }
    }

    /// The double nearest to the number.
    private func double(_ token: NumberToken) throws(JSONError) -> Double {
        guard let value = Double(text(of: token)), value.isFinite else { throw .floatOutOfRange(offset: token.start) }
        return value
    }

    private func text(of token: NumberToken) -> String {
        String(decoding: UnsafeBufferPointer(start: base + token.start, count: token.end - token.start), as: UTF8.self)
    }

    /// The value of a number; `-0` is the integer 0.
    @inline(__always)
    func number(_ token: NumberToken) throws(JSONError) -> JSONValue {
        if token.isFloat { return .double(try double(token)) }
        if let integer = integer(token) { return .integer(integer) }
        return .bigInteger(text(of: token))
    }

    /// The integer; nil if it is a float or outside Int64.
    @inline(__always)
    func integer(_ token: NumberToken) -> Int64? {
        guard !token.isFloat, let magnitude = token.magnitude else { return nil }
        if token.isNegative { return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }
}
