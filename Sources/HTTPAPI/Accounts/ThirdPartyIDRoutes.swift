import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Users' email addresses ("Adding Account Administrative Contact Information").
struct ThirdPartyIDRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        let path = "/_matrix/client/v3/account/3pid"
        routes.get(path, access: .user, list)
        routes.post(path, access: .user, bindByCredentials)
        routes.post("\(path)/add", access: .user, isLimited: true, addAddress)
        routes.post("\(path)/bind", access: .user, isLimited: true) { try await bind(try await $0.body(), $0) }
        routes.post("\(path)/delete", access: .user) { try await remove($0, deletes: true) }
        routes.post("\(path)/unbind", access: .user) { try await remove($0, deletes: false) }

        let purposes: [(String, Accounts.EmailPurpose)] = [
            ("register", .registration), ("account/3pid", .addition), ("account/password", .passwordReset),
        ]
        for (path, purpose) in purposes {
            let path = "/_matrix/client/v3/\(path)"
            routes.post("\(path)/email/requestToken", access: .open) { request in
                let body = try await request.body()
                let validation = EmailValidationRequest(
                    clientSecret: try body.required("client_secret", as: .string), email: try body.required("email", as: .string),
                    sendAttempt: try body.required("send_attempt", as: .integer), nextLink: try body.optional("next_link", as: .string),
                    address: request.clientAddress)
                return Answer(["sid": .string(try await accounts.requestEmailValidation(validation, for: purpose))])
            }
            routes.post("\(path)/msisdn/requestToken", access: .open) { request in
                let body = try await request.body()
                for key in ["client_secret", "country", "phone_number"] { _ = try body.required(key, as: .string) }
                _ = try body.required("send_attempt", as: .integer)
                throw Accounts.mediumNotSupported
            }
        }
        routes.get(Accounts.emailValidationPath, access: .open, showProof)
        routes.post(Accounts.emailValidationPath, access: .open, takeProof)
    }

    private func list(_ request: ClientRequest) async throws -> Answer {
        Answer(["threepids": .array(try accounts.thirdPartyIDs(of: request.requester))])
    }

    private func addAddress(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let (sid, clientSecret) = (try body.required("sid", as: .string), try body.required("client_secret", as: .string))
        let auth = try body.optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            try await accounts.addThirdPartyID(sid, clientSecret: clientSecret, to: request.requester, auth: auth)
            return .empty
        }
    }

    /// The form that clients used before there was one endpoint for each purpose; it binds.
    private func bindByCredentials(_ request: ClientRequest) async throws -> Answer {
        try await bind(try await request.body().requiredBody("three_pid_creds"), request)
    }

    private func bind(_ body: Body, _ request: ClientRequest) async throws -> Answer {
        try await accounts.bind(
            try body.required("sid", as: .string), clientSecret: try body.required("client_secret", as: .string),
            at: try body.required("id_server", as: .serverName), accessToken: try body.required("id_access_token", as: .string),
            to: request.requester)
        return .empty
    }

    /// Identity servers take no word of this server's yet, so nothing is unbound there.
    private func remove(_ request: ClientRequest, deletes: Bool) async throws -> Answer {
        let body = try await request.body()
        let (medium, address) = (try body.required("medium", as: .string), try body.required("address", as: .string))
        _ = try body.optional("id_server", as: .string)
        if deletes { try await accounts.removeThirdPartyID(medium: medium, address: address, of: request.requester) }
        return Answer(["id_server_unbind_result": "no-support"])
    }

    // MARK: - The page that a message leads to

    /// Asks once more, since programs that look at mail follow links, too.
    private func showProof(_ request: ClientRequest) async throws -> Answer {
        .page(FallbackPages.emailProof(try proof(in: request.query)))
    }

    private func takeProof(_ request: ClientRequest) async throws -> Answer {
        let form = Query(Substring(String(decoding: try await request.bodyBytes(), as: UTF8.self)))
        do {
            return .page(FallbackPages.emailProved(try await accounts.validate(try proof(in: form))))
        } catch let error as MatrixError where error.code == .threePIDAuthFailed {
            return .page(FallbackPages.emailNotProved(error.message), status: .badRequest)
        }
    }

    private func proof(in query: Query) throws(MatrixError) -> Accounts.EmailProof {
        Accounts.EmailProof(
            sid: try query.required("sid"), clientSecret: try query.required("client_secret"), token: try query.required("token"))
    }
}
