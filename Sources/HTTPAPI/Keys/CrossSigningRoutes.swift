import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Keys of users, and what they have signed ("Cross-signing").
struct CrossSigningRoutes: RouteGroup {
    let encryption: Encryption

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/keys/device_signing/upload", access: .user, uploadKeys)
        routes.post("/_matrix/client/v3/keys/signatures/upload", access: .user, uploadSignatures)
    }

    private func uploadKeys(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let upload = try CrossSigningUpload(body.object, of: request.requester.userID)
        let auth = try body.optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            try await encryption.uploadCrossSigningKeys(upload, for: request.requester, auth: auth)
            return .empty
        }
    }

    private func uploadSignatures(_ request: ClientRequest) async throws -> Answer {
        let upload = try SignatureUpload(await request.body().object)
        return Answer(["failures": .object(try await encryption.uploadSignatures(upload, for: request.requester))])
    }
}
