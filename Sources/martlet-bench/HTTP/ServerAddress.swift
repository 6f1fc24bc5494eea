/// Where a server listens.
struct ServerAddress: Sendable, Hashable {
    let host: String
    let port: Int

    private static let scheme = "http://"

    /// Reads `http://host`, `http://host:port` or `http://[address]:port`; nil when it is something else.
    init?(url: String) {
        guard url.hasPrefix(Self.scheme) else { return nil }
        var rest = url.dropFirst(Self.scheme.count)
        while rest.last == "/" { rest.removeLast() }
        let isBracketed = rest.first == "["
        guard let hostEnd = isBracketed ? rest.lastIndex(of: "]") : rest.firstIndex(of: ":") ?? rest.endIndex else { return nil }
        host = String(isBracketed ? rest[..<hostEnd].dropFirst() : rest[..<hostEnd])
        let portText = rest[hostEnd...].drop { $0 == "]" || $0 == ":" }
        guard !host.isEmpty, !host.contains("/"), let port = portText.isEmpty ? 80 : Int(portText), (1...65535).contains(port) else {
            return nil
        }
        self.port = port
    }

    /// The `Host` field of a request.
    var hostField: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
