import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// The addresses of a user that the server knows ("Adding Account Administrative Contact Information").
extension Accounts {
    /// The requester's addresses (`GET /account/3pid`).
    ///
    /// - Returns: each as the endpoint's answer has it.
    package func thirdPartyIDs(of requester: Requester) throws -> [JSONValue] {
        try database.view().thirdPartyIDs(of: requester.userID).map { id, times in
            [
                "medium": .string(id.medium), "address": .string(id.address), "validated_at": .integer(times.validatedAt),
                "added_at": .integer(times.addedAt),
            ]
        }
    }

    /// Adds an address to the requester's account (`POST /account/3pid/add`).
    ///
    /// - Parameters:
    ///   - sid: the validation session in which the requester has proved that it is one of theirs.
    ///   - auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired`; `M_THREEPID_AUTH_FAILED` without that proof, `M_THREEPID_IN_USE`, `M_INVALID_PARAM`.
    package func addThirdPartyID(_ sid: String, clientSecret: String, to requester: Requester, auth: JSONObject?) async throws {
        try Self.check(clientSecret: clientSecret)
        let account = try account(of: requester)
        let session = try await confirmByPassword(
            "add_threepid", request: Array("\(sid) \(clientSecret)".utf8), by: requester, of: account, auth: auth)
        _ = try provedSession(sid, clientSecret: clientSecret, for: .addition)
        do {
            try await database.addThirdPartyID(provedBy: sid, to: requester.userID, ending: session)
        } catch AccountsConflict.thirdPartyIDInUse {
            throw MatrixError(.threePIDInUse, "This address belongs to another account")
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
    }

    /// Takes an address away from the requester's account (`POST /account/3pid/delete`); one that isn't there is gone already.
    package func removeThirdPartyID(medium: String, address: String, of requester: Requester) async throws {
        try requester.checkNotSuspended()
        let id = medium == "email" ? .email(address) : ThirdPartyID(medium: medium, address: address)
        try await database.removeThirdPartyID(id, of: requester.userID)
    }

    /// Has an identity server bind an address to the requester's user ID (`POST /account/3pid/bind`).
    ///
    /// - Throws: what the identity server says; `M_SERVER_NOT_TRUSTED` for one that no requests are made to, `M_UNKNOWN` with the status 502 for
    ///   all else that goes wrong there, `M_INVALID_PARAM`.
    package func bind(
        _ sid: String, clientSecret: String, at identityServer: ServerName, accessToken: String, to requester: Requester
    ) async throws {
        try Self.check(clientSecret: clientSecret)
        try requester.checkNotSuspended()
        let server = IdentityServer(name: identityServer, accessToken: accessToken, http: environment.outgoingHTTP)
        try await server.bind(sid, clientSecret: clientSecret, to: requester.userID)
        guard try !account(of: requester).flags.contains(.bound) else { return }
        do {
            try await database.setFlag(.bound, of: requester.userID, to: true)
        } catch AccountsConflict.accountChanged {
            throw Self.changedMeanwhile
        }
    }
}
