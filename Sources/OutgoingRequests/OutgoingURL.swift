/// A URL that begins with `https://`, as far as it says where it leads.
struct OutgoingURL {
    /// The name or address of the host, an IPv6 address without its brackets.
    let host: String

    /// Nil for what has another scheme, no host, or somebody's name and password.
    init?(_ url: String) {
        let scheme = "https://"
        guard url.hasPrefix(scheme) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return nil }
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
        } else {
            host = String(authority.prefix { $0 != ":" })
        }
        guard !host.isEmpty else { return nil }
    }
}
