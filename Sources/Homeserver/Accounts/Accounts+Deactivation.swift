import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension Accounts {
    /// The kind of intents that a deactivation begins, so that the user leaves all rooms and has no profile any more. The payload is the user
    /// ID.
    package static let deactivationIntent = "deactivate_user"

    /// Closes the requester's account for ever (`POST /account/deactivate`).
    ///
    /// - Parameters:
    ///   - isErased: whether the user wants to be forgotten.
    ///   - auth: the request's `auth`.
    /// - Throws: `InteractiveAuthenticationRequired`; `M_UNKNOWN` when the account has changed in the meantime.
    package func deactivate(_ requester: Requester, isErased: Bool, auth: JSONObject?) async throws {
        let account = try account(of: requester)
        let session = try await confirmByPassword(
            "deactivate", request: JSONValue.bool(isErased).encoded(), by: requester, of: account, auth: auth)
        do {
            let (intent, job) = try await database.deactivate(
                requester.userID, as: account, isErased: isErased, ending: session,
                beginning: { [intents] in intents.begin(Self.deactivationIntent, requester.userID.encoded, in: $0) }, goingOnIn: jobs)
            await wait(forRemovalBy: job)
            // The account is closed, whatever becomes of this now, and a failure is tried again.
            try? await intents.wait(for: intent)
        } catch is AccountsConflict {
            throw Self.changedMeanwhile
        }
    }
}
