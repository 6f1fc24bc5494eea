/// An event's identifier: `$` and the event's reference hash, in room versions 1 and 2 `$opaque_id:domain` (appendices, "Event IDs").
package struct EventID: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard IdentifierGrammar.hasShape(string, sigil: UInt8(ascii: "$")) else { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }

    /// The server that chose the ID, in room versions where IDs are chosen; nil in others.
    package var serverName: ServerName? {
        guard let domain = IdentifierGrammar.split(string)?.domain, ServerName.isValid(domain) else { return nil }
        return ServerName(trusted: String(domain))
    }
}
