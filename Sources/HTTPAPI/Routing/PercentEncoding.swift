import MatrixProtocol

/// Percent-encoding of paths and queries (RFC 3986, section 2.1).
enum PercentEncoding {
    /// The decoded text; nil if a `%` is not followed by two hexadecimal digits, or if the decoded bytes are no UTF-8.
    ///
    /// - Parameter plusIsSpace: whether `+` stands for a space, as it does in a query.
    static func decode(_ encoded: Substring, plusIsSpace: Bool = false) -> String? {
        let bytes = encoded.utf8
        guard bytes.contains(where: { $0 == percent || (plusIsSpace && $0 == plus) }) else { return String(encoded) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case percent:
                guard let high = iterator.next().flatMap(value), let low = iterator.next().flatMap(value) else { return nil }
                decoded.append(high << 4 | low)
            case plus where plusIsSpace:
                decoded.append(UInt8(ascii: " "))
            default:
                decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// The text as one segment of a path.
    static func encode(_ text: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if byte.isASCIILetterOrDigit || "-._~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [percent, hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let percent = UInt8(ascii: "%")
    private static let plus = UInt8(ascii: "+")

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
