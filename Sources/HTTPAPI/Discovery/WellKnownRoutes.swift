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

    fileprivate var json: JSONValue {
        var contact: JSONObject = ["role": .string(role)]
        contact["matrix_id"] = matrixID.map { .string($0) }
        contact["email_address"] = emailAddress.map { .string($0) }
        return .object(contact)
    }
}

/// The documents by which clients and servers find the server, and people those who run it ("Well-known URIs", "Server discovery" of the
/// client-server API, "Server discovery" of the server-server API). What is not configured is not found.
package struct WellKnownRoutes: RouteGroup {
    private let client: Answer
    private let server: Answer
    private let support: Answer
    /// A homeserver is no policy server ("Policy Servers").
    private let policyServer = answer(nil)

    package init(_ address: PublicAddress) {
        client = Self.answer(address.clientDocument)
        server = Self.answer(address.federationAddress.map { ["m.server": .string($0)] })
        var support: JSONObject = [:]
        if !address.supportContacts.isEmpty { support["contacts"] = .array(address.supportContacts.map(\.json)) }
        support["support_page"] = address.supportPage.map { .string($0) }
        self.support = Self.answer(support.isEmpty ? nil : support)
    }

    package var resources: Set<Resource> { [.client, .federation] }

    package func add(to routes: inout RouteTable) {
        routes.get("/.well-known/matrix/client", access: .open, lane: .immediate) { _ in client }
        routes.get("/.well-known/matrix/server", access: .open, lane: .immediate) { _ in server }
        routes.get("/.well-known/matrix/support", access: .open, lane: .immediate) { _ in support }
        routes.get("/.well-known/matrix/policy_server", access: .open, lane: .immediate) { _ in policyServer }
    }

    private static func answer(_ document: JSONObject?) -> Answer {
        document.map { Answer($0) } ?? Answer(MatrixError(.notFound, "Not configured on this server"))
    }
}
