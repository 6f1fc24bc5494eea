package import CanonicalJSON

/// Which servers may take part in a room: the content of an `m.room.server_acl` event ("Server Access Control Lists (ACLs) for rooms").
///
/// It says nothing about events in the room's graph; it is asked when a server comes with something.
package struct ServerACL: Sendable {
    private let allowsIPLiterals: Bool
    private let denied: [Glob]
    private let allowed: [Glob]

    /// Reads an event's content. What isn't of the expected type counts as missing.
    package init(_ content: JSONObject) {
        func globs(_ name: String) -> [Glob] { (content[name]?.arrayValue ?? []).compactMap { $0.stringValue.map(Glob.init) } }
        allowsIPLiterals = content["allow_ip_literals"]?.boolValue ?? true
        denied = globs("deny")
        allowed = globs("allow")
    }

    /// Whether the server may take part: steps 2 to 5 of the algorithm of `m.room.server_acl`. Without an event all servers may.
    package func allows(_ server: ServerName) -> Bool {
        if !allowsIPLiterals, server.isIPLiteral { return false }
        let name = server.withoutPort
        if denied.contains(where: { $0.matches(name) }) { return false }
        return allowed.contains { $0.matches(name) }
    }
}
