/// Bytes as hexadecimal digits, two for each.
package enum Hexadecimal {
    /// The digits, in small letters.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            text += String(byte >> 4, radix: 16)
            text += String(byte & 0xf, radix: 16)
        }
        return text
    }

    /// The bytes that the digits stand for; nil if they are none, or half a byte is left.
    package static func decode(_ digits: String) -> [UInt8]? {
        guard digits.utf8.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in digits {
            guard let digit = character.hexDigitValue, character.isASCII else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        return bytes
    }
}
