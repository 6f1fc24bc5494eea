import CanonicalJSON
import MatrixProtocol

/// An address outside of Matrix ("3PID Types").
package struct ThirdPartyAddress: Sendable, Hashable {
    /// Such as `email`.
    package let medium: String
    package let address: String

    package init(medium: String, address: String) {
        self.medium = medium
        self.address = address
    }
}

/// Who is to be invited by an address, and who knows more of it ("Third-party invites").
package struct ThirdPartyInvite: Sendable {
    package let address: ThirdPartyAddress
    /// The identity server, and the client's access token for it.
    package let identityServer: ServerName
    package let accessToken: String

    package init(address: ThirdPartyAddress, identityServer: ServerName, accessToken: String) {
        self.address = address
        self.identityServer = identityServer
        self.accessToken = accessToken
    }
}

/// The proof that a user has bound the address that a third-party invite went to (`third_party_signed` of a join).
package struct ThirdPartySigned: Sendable {
    /// All of it, as the identity server has signed it.
    let json: JSONObject
    /// Who has sent the invite.
    let sender: UserID
    /// Who has bound the address.
    let user: UserID
    let token: String

    /// - Throws: `M_BAD_JSON` when a member is missing or of the wrong type.
    package init(_ json: JSONObject) throws(MatrixError) {
        guard let sender = json["sender"]?.stringValue.flatMap(UserID.init), let user = json["mxid"]?.stringValue.flatMap(UserID.init),
            let token = json["token"]?.stringValue, json["signatures"]?.objectValue != nil
        else { throw MatrixError(.badJSON, "third_party_signed must have sender, mxid, token and signatures") }
        self.json = json
        self.sender = sender
        self.user = user
        self.token = token
    }
}
