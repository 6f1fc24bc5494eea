import CanonicalJSON
import MatrixProtocol

/// How the server is reached from outside, and whom to ask about it.
package struct PublicAddress: Sendable {
    /// Where clients reach the server, such as `https://matrix.example.org`, without a slash at the end; nil if that is nobody's business here.
    package var baseURL: String?
    package var supportContacts: [SupportContact]
    /// The URL of a page for users who need help.
    package var supportPage: String?
    /// The services for calls of many, as older clients look for them (MSC4143).
    package var callTransports: JSONValue?

    package init(
        baseURL: String? = nil, supportContacts: [SupportContact] = [], supportPage: String? = nil, callTransports: JSONValue? = nil
    ) {
        self.baseURL = baseURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.supportContacts = supportContacts
        self.supportPage = supportPage
        self.callTransports = callTransports
    }

    /// What clients are told, in a document and when they log in; nil if that is nobody's business here.
    var clientDocument: JSONObject? {
        guard let baseURL else { return nil }
        var document: JSONObject = ["m.homeserver": ["base_url": .string(baseURL)]]
        document["org.matrix.msc4143.rtc_foci"] = callTransports
        return document
    }

    /// Where other servers reach the server: the base URL's host and port, if it is one with TLS.
    var federationAddress: String? {
        guard let baseURL, baseURL.hasPrefix("https://") else { return nil }
        let authority = baseURL.dropFirst("https://".count).prefix { $0 != "/" }
        guard let server = ServerName(String(authority)) else { return nil }
        return server.port == nil ? "\(server):443" : server.string
    }
}

/// Somebody who answers questions about the server.
package struct SupportContact: Sendable {
    package var matrixID: String?
    package var emailAddress: String?
    /// `m.role.admin`, `m.role.security`, or a namespaced role.
    package var role: String

    package init(matrixID: String? = nil, emailAddress: String? = nil, role: String) {
        self.matrixID = matrixID
        self.emailAddress = emailAddress
        self.role = role
    }

    var json: JSONValue {
        var contact: JSONObject = ["role": .string(role)]
        contact["matrix_id"] = matrixID.map { .string($0) }
        contact["email_address"] = emailAddress.map { .string($0) }
        return .object(contact)
    }
}
