/// A name of a room, `#room_alias:domain` (appendices, "Room Aliases").
package struct RoomAlias: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard IdentifierGrammar.hasShape(string, sigil: UInt8(ascii: "#")), string.utf8.count <= IdentifierGrammar.sizeMaxBytes,
            let parts = IdentifierGrammar.split(string), ServerName.isValid(parts.domain)
        else { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }

    /// The alias with this localpart on a server; nil when that makes no alias.
    package init?(localpart: some StringProtocol, serverName: ServerName) {
        self.init("#\(localpart):\(serverName)")
    }

    /// What stands between the sigil and the first colon.
    package var localpart: Substring { IdentifierGrammar.split(string)?.localpart ?? "" }

    /// The server that knows which room the alias stands for.
    package var serverName: ServerName { ServerName(trusted: IdentifierGrammar.split(string).map { String($0.domain) } ?? "") }
}
