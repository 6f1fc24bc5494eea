import CanonicalJSON
import HTTPTypes
import Homeserver
import MatrixProtocol

/// Pages for clients that don't know a type of login or a stage of authentication ("Login fallback", "Fallback").
struct FallbackRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/static/client/login", access: .open) { _ in .page(FallbackPages.login) }
        let stage = "/_matrix/client/v3/auth/{authType}/fallback/web"
        routes.get(stage, access: .open, show)
        routes.post(stage, access: .open, complete)
    }

    private func show(_ request: ClientRequest) async throws -> Answer {
        let session = try request.query.required("session")
        let page = try accounts.fallbackPage(of: request.parameter("authType"), session: session)
        return .page(FallbackPages.stage(page, session: session))
    }

    private func complete(_ request: ClientRequest) async throws -> Answer {
        let form = Query(Substring(String(decoding: try await request.bodyBytes(), as: UTF8.self)))
        guard let session = try form.string("session") ?? request.query.string("session") else {
            throw MatrixError(.missingParameter, "Missing session")
        }
        let stage = request.parameter("authType")
        var fields: JSONObject = [:]
        fields["token"] = try form.string("token").map { .string($0) }
        do {
            try await accounts.completeOnPage(stage, session: session, fields, from: request.clientAddress)
        } catch let error as MatrixError where error.status == 401 {
            let page = try accounts.fallbackPage(of: stage, session: session)
            return .page(FallbackPages.stage(page, session: session, error: error.message), status: .unauthorized)
        }
        return .page(FallbackPages.stage(.done, session: session))
    }
}

extension Answer {
    /// A page of the server's own, which can't be put into another one's frame and loads nothing from elsewhere.
    static func page(_ text: String, status: HTTPResponse.Status = .ok) -> Answer {
        var answer = Answer.html(text, status: status)
        answer.headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'self'; "
            + "frame-ancestors 'none'"
        return answer
    }
}
