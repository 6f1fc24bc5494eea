/// The name of a homeserver: a DNS name, an IPv4 address or an IPv6 address in brackets, and an optional port
/// (appendices, "Server Name"). Names are case-sensitive.
package struct ServerName: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard Self.isValid(string[...]) else { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }

    /// The host without the port; an IPv6 address without its brackets.
    package var host: Substring {
        let (host, _) = Self.parts(string[...])
        return host.utf8.first == UInt8(ascii: "[") ? host.dropFirst().dropLast() : host
    }

    /// The explicit port, if there is one that is a port at all (the grammar allows five digits of any value).
    package var port: Int? {
        guard let port = Self.parts(string[...]).port, let number = Int(port), number <= 65535 else { return nil }
        return number
    }

    /// The name without its port; an IPv6 address with its brackets.
    package var withoutPort: String { String(Self.parts(string[...]).host) }

    /// Whether the host is an IPv4 address, or an IPv6 address in brackets.
    package var isIPLiteral: Bool {
        let (host, _) = Self.parts(string[...])
        return host.utf8.first == UInt8(ascii: "[") || IPv4Literal.isValid(host)
    }

    /// Whether `name` follows the grammar of server names.
    static func isValid(_ name: Substring) -> Bool {
        let (host, port) = parts(name)
        if let port {
            guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy(\.isASCIIDigit) else { return false }
        }
        if host.utf8.first == UInt8(ascii: "[") {
            return host.utf8.last == UInt8(ascii: "]") && IPv6Literal.isValid(host.dropFirst().dropLast())
        }
        return (1...255).contains(host.utf8.count) && host.utf8.allSatisfy(isDNSCharacter)
    }

    /// Splits at the colon that follows the host, which for an IPv6 literal is one after its bracket.
    private static func parts(_ name: Substring) -> (host: Substring, port: Substring?) {
        let bytes = name.utf8
        let hostEnd = bytes.first == UInt8(ascii: "[") ? bytes.firstIndex(of: UInt8(ascii: "]")) ?? bytes.endIndex : bytes.startIndex
        guard let colon = bytes[hostEnd...].firstIndex(of: UInt8(ascii: ":")) else { return (name, nil) }
        return (name[..<colon], name[bytes.index(after: colon)...])
    }

    private static func isDNSCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}

/// The text form of an IPv4 address: four numbers up to 255, in decimal digits.
enum IPv4Literal {
    /// Whether `text` is such an address.
    static func isValid(_ text: Substring) -> Bool {
        let fields = text.split(separator: ".", omittingEmptySubsequences: false)
        return fields.count == 4
            && fields.allSatisfy { field in
                (1...3).contains(field.utf8.count) && field.utf8.allSatisfy(\.isASCIIDigit)
                    && UInt8(field) != nil
            }
    }
}

/// The text form of an IPv6 address (RFC 3513, section 2.2).
enum IPv6Literal {
    private static let groups = 8

    /// Whether `text` is eight groups of up to four hexadecimal digits, one run of zero groups perhaps written as `::`, the last two
    /// groups perhaps as an IPv4 address.
    static func isValid(_ text: Substring) -> Bool {
        var fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count >= 3 else { return false }
        // A colon at either end is half of a `::`, which then shows as two empty fields; one of them says enough.
        if fields[0].isEmpty {
            guard fields[1].isEmpty else { return false }
            fields.removeFirst()
        }
        if let last = fields.last, last.isEmpty, fields.count > 1 {
            guard fields[fields.count - 2].isEmpty else { return false }
            fields.removeLast()
        }
        var count = 0
        var compressed = false
        for (index, field) in fields.enumerated() {
            if field.isEmpty {
                guard !compressed else { return false }
                compressed = true
            } else if index == fields.count - 1, field.utf8.contains(UInt8(ascii: ".")) {
                guard IPv4Literal.isValid(field) else { return false }
                count += 2
            } else {
                guard field.utf8.count <= 4, field.utf8.allSatisfy(isHexadecimal) else { return false }
                count += 1
            }
        }
        return compressed ? count < groups : count == groups
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }
}
