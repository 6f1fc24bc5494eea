import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// A user whose account is closed, as other databases are told of it.
struct Deactivation: StoreCodable {
    let user: UserID
    /// Whether the user wants to be forgotten.
    let isErased: Bool

    init(user: UserID, isErased: Bool) {
        self.user = user
        self.isErased = isErased
    }

    /// The tuple of the user ID, and 1 for a user who is erased, else 0.
    var encoded: [UInt8] { TupleKey(user, isErased ? 1 as Int64 : 0).encoded }

    init(encoded bytes: [UInt8]) throws {
        let (user, flag) = try TupleKey<UserID, Int64>(encoded: bytes).parts
        self.init(user: user, isErased: flag != 0)
    }
}

extension Accounts {
    /// The kind of intents that a deactivation begins, so that the user leaves all rooms and has no profile and no presence any more. The payload is
    /// a `Deactivation`.
    package static let deactivationIntent = "deactivate_user"

    /// Closes the requester's account for ever (`POST /account/deactivate`).
    ///
    /// - Parameters:
    ///   - isErased: whether the user wants to be forgotten.
    ///   - auth: the request's `auth`.
    /// - Returns: whether an identity server may still know the user: none is asked to forget one.
    /// - Throws: `InteractiveAuthenticationRequired`; `M_UNKNOWN` when the account has changed in the meantime.
    @discardableResult
    package func deactivate(_ requester: Requester, isErased: Bool, auth: JSONObject?) async throws -> Bool {
        let account = try account(of: requester)
        let session = try await confirmByPassword(
            "deactivate", request: JSONValue.bool(isErased).encoded(), by: requester, of: account, auth: auth)
        do {
            let (intent, job) = try await database.deactivate(
                requester.userID, as: account, isErased: isErased, ending: session,
                beginning: { [intents] in
                    let deactivation = Deactivation(user: requester.userID, isErased: isErased)
                    return intents.begin(Self.deactivationIntent, deactivation.encoded, in: $0)
                }, goingOnIn: jobs)
            await wait(forRemovalBy: job)
            // The account is closed, whatever becomes of this now, and a failure is tried again.
            try? await intents.wait(for: intent)
            return account.flags.contains(.bound)
        } catch is AccountsConflict {
            throw Self.changedMeanwhile
        }
    }
}
