/// A URL that begins with `https://` or `http://`, as far as it says where it leads.
struct OutgoingURL {
    /// Whether the connection is protected by TLS.
    let isSecure: Bool
    /// The name or address of the host, an IPv6 address without its brackets.
    let host: String

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.:".utf8.contains(byte)
        }
    }

    /// Nil for what has another scheme, no host, or somebody's name and password.
    init?(_ url: String) {
        guard let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }) else { return nil }
        isSecure = scheme == "https://"
        let authority = url.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return nil }
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
        } else {
            host = String(authority.prefix { $0 != ":" })
        }
        // Other hosts could be read otherwise by who makes the connection.
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isOfHost) else { return nil }
    }
}
