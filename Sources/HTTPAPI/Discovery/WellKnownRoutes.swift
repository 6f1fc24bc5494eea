import CanonicalJSON
import MatrixProtocol

/// The documents by which clients and servers find the server, and people those who run it ("Well-known URIs", "Server discovery" of the
/// client-server API, "Server discovery" of the server-server API). What is not configured is not found.
struct WellKnownRoutes: RouteGroup {
    private let client: Answer
    private let server: Answer
    private let support: Answer
    /// A homeserver is no policy server ("Policy Servers").
    private let policyServer = answer(nil)

    init(_ address: PublicAddress) {
        client = Self.answer(address.clientDocument)
        server = Self.answer(address.federationAddress.map { ["m.server": .string($0)] })
        var support: JSONObject = [:]
        if !address.supportContacts.isEmpty { support["contacts"] = .array(address.supportContacts.map(\.json)) }
        support["support_page"] = address.supportPage.map { .string($0) }
        self.support = Self.answer(support.isEmpty ? nil : support)
    }

    var resources: Set<Resource> { [.client, .federation] }

    func add(to routes: inout RouteTable) {
        routes.get("/.well-known/matrix/client", access: .open, lane: .immediate) { _ in client }
        routes.get("/.well-known/matrix/server", access: .open, lane: .immediate) { _ in server }
        routes.get("/.well-known/matrix/support", access: .open, lane: .immediate) { _ in support }
        routes.get("/.well-known/matrix/policy_server", access: .open, lane: .immediate) { _ in policyServer }
    }

    private static func answer(_ document: JSONObject?) -> Answer {
        document.map { Answer($0) } ?? Answer(MatrixError(.notFound, "Not configured on this server"))
    }
}
