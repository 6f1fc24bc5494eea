/// Whom an address belongs to, as limits know it: with IPv6 the network of 64 bits, since one host may have all of its addresses.
struct ClientNetwork: Hashable, Sendable {
    private let name: String

    /// - Parameter address: an IP address as text; nil stands for those of whom none is known.
    init(_ address: String?) {
        let address = address ?? ""
        name = Self.network(ofIPv6: address) ?? address
    }

    private static let groups = 8
    private static let networkGroups = 4

    /// The first half of an IPv6 address; nil for what is none, and for an IPv4 address in the form of one.
    private static func network(ofIPv6 address: String) -> String? {
        let text = address.prefix { $0 != "%" }
        guard text.contains(":"), !text.contains(".") else { return nil }
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.split(separator: ":").map(String.init) }
        guard let head = halves.first else { return nil }
        let tail = halves.count > 1 ? halves[1] : []
        let zeros = [String](repeating: "0", count: max(0, groups - head.count - tail.count))
        return (head + zeros + tail).prefix(networkGroups).joined(separator: ":")
    }
}
