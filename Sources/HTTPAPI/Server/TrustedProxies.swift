import HTTPTypes
import NIOCore

/// The reverse proxies that are believed when they say where a request comes from.
///
/// A proxy adds the address of whoever it talks to at the end of `X-Forwarded-For`. So the header is read from its end, for as long as who has
/// added an entry is trusted; what stands before that may come from anybody, and counts for nothing.
package struct TrustedProxies: Sendable {
    private let isTrusted: @Sendable (String) -> Bool

    /// Nobody is believed.
    package static let none = TrustedProxies { _ in false }

    /// - Parameter isTrusted: whether the IP address is that of a proxy.
    package init(_ isTrusted: @escaping @Sendable (String) -> Bool) {
        self.isTrusted = isTrusted
    }

    /// The IP address from which a request comes; nil on a socket that has none.
    ///
    /// - Parameter peer: the other end of the connection.
    func client(of headers: HTTPFields, from peer: SocketAddress?) -> String? {
        guard var client = peer?.ipAddress.map(Self.unmapped) else { return nil }
        let entries = headers[values: .xForwardedFor].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for entry in entries.reversed() {
            guard isTrusted(client), let next = Self.address(Self.withoutPort(entry.filter { $0 != " " && $0 != "\t" })) else { break }
            client = next
        }
        return client
    }

    /// An IP address in the one form that stands for it; nil for what is none.
    private static func address(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress.map(unmapped)
    }

    /// An IPv4 address over IPv6 is the IPv4 address.
    private static func unmapped(_ address: String) -> String {
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }

    /// Some proxies write the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func withoutPort(_ entry: String) -> String {
        if entry.hasPrefix("[") { return String(entry.dropFirst().prefix { $0 != "]" }) }
        return entry.filter { $0 == ":" }.count == 1 ? String(entry.prefix { $0 != ":" }) : entry
    }
}

extension HTTPField.Name {
    fileprivate static let xForwardedFor: Self = {
        guard let name = HTTPField.Name("X-Forwarded-For") else { preconditionFailure("it is a field's name") }
        return name
    }()
}
