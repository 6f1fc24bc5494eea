/// A user's identifier, `@localpart:domain` (appendices, "User Identifiers").
///
/// Historical localparts (any code points but `:` and NUL, and the empty one) are valid here, since events with them exist and must be
/// accepted; `isValidForRegistration` is the grammar for new users.
package struct UserID: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard IdentifierGrammar.hasShape(string, sigil: UInt8(ascii: "@")),
            let parts = IdentifierGrammar.split(string), ServerName.isValid(parts.domain)
        else { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }

    /// The user with this localpart on a server; nil when that makes no user ID.
    package init?(localpart: some StringProtocol, serverName: ServerName) {
        self.init("@\(localpart):\(serverName)")
    }

    /// What stands between the sigil and the first colon.
    package var localpart: Substring { IdentifierGrammar.split(string)?.localpart ?? "" }

    /// The server that allocated the ID.
    package var serverName: ServerName { ServerName(trusted: IdentifierGrammar.split(string).map { String($0.domain) } ?? "") }

    /// Whether the ID is on `server`, found without making a string.
    package func isOn(_ server: ServerName) -> Bool {
        guard let domain = IdentifierGrammar.split(string)?.domain else { return false }
        return domain.utf8.elementsEqual(server.string.utf8)
    }

    /// Whether a new user may have this ID: a localpart of `a-z`, `0-9`, `.`, `_`, `=`, `-`, `/` and `+`, not empty, and at most 255
    /// bytes in all.
    package var isValidForRegistration: Bool {
        !localpart.isEmpty && string.utf8.count <= IdentifierGrammar.sizeMaxBytes && localpart.utf8.allSatisfy(Self.isRegistrationCharacter)
    }

    /// Whether the ID may be shown to clients outside the context of an event ("Historical User IDs"): its localpart has characters from
    /// U+0021 to U+007E only, and at least one.
    package var isCompliant: Bool {
        !localpart.isEmpty && localpart.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    private static func isRegistrationCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}
