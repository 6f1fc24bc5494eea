import Glibc

/// A range of IP addresses in CIDR notation: `10.0.0.0/8`, `fc00::/7`; an address alone is the range of that address.
package struct IPRange: Hashable, Sendable, CustomStringConvertible {
    /// The range's first address in network byte order: 4 bytes for IPv4, 16 for IPv6. Bits below the prefix are zero.
    package let address: [UInt8]
    /// How many leading bits the addresses of the range share.
    package let prefixLength: Int

    /// Nil if `text` is not a range.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPRange.address(String(parts[0])) else { return nil }
        var prefixLength = address.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let length = Int(parts[1]),
                length <= prefixLength
            else { return nil }
            prefixLength = length
        }
        self.address = address.enumerated().map { index, byte in
            let bits = min(max(prefixLength - index * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
        self.prefixLength = prefixLength
    }

    /// Whether an IP address, written as text, is in the range.
    package func contains(_ text: String) -> Bool {
        guard let other = Self.address(text), other.count == address.count else { return false }
        return IPRange("\(text)/\(prefixLength)")?.address == address
    }

    package var description: String {
        let family = address.count == 4 ? AF_INET : AF_INET6
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(family, address, &text, socklen_t(text.count))
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self) + "/\(prefixLength)"
    }

    /// The bytes of an IPv4 or IPv6 address in network byte order; nil if `text` is neither.
    package static func address(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}

extension IPRange: DescribedValue {
    package static let expectation = "a range of addresses such as 10.0.0.0/8"

    package init(from decoder: any Decoder) throws {
        self = try decoder.value(IPRange.init(_:))
    }
}
