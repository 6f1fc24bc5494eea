import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// What administrators do about accounts ("Account moderation", "Server Administration").
extension Accounts {
    /// What can be imposed on an account.
    package enum Restriction: String, Sendable {
        /// Nothing but logging out is possible.
        case locked
        /// The user can read, and hardly act.
        case suspended

        fileprivate var flag: AccountFlags {
            switch self {
            case .locked: .locked
            case .suspended: .suspended
            }
        }
    }

    /// Whether a restriction is on an account (`GET /admin/lock/{userId}`, `GET /admin/suspend/{userId}`).
    ///
    /// - Throws: `M_FORBIDDEN` for who is no administrator, and about one; `M_INVALID_PARAM` for users of other servers, `M_NOT_FOUND`.
    package func has(_ restriction: Restriction, _ user: UserID, by requester: Requester) throws -> Bool {
        try moderated(user, by: requester).flags.contains(restriction.flag)
    }

    /// Imposes a restriction on an account, or takes it back (`PUT /admin/lock/{userId}`, `PUT /admin/suspend/{userId}`). Logins stay.
    ///
    /// - Throws: as `has` does.
    package func set(_ restriction: Restriction, of user: UserID, to isSet: Bool, by requester: Requester) async throws {
        _ = try moderated(user, by: requester)
        do {
            try await database.setFlag(restriction.flag, of: user, to: isSet)
        } catch AccountsConflict.accountChanged {
            throw Self.unknownUser
        }
    }

    /// The account that an administrator wants to do something about. Whether the requester may comes first, so that nobody learns from the
    /// answer who is here.
    private func moderated(_ user: UserID, by requester: Requester) throws -> Account {
        guard requester.isAdmin else { throw MatrixError(.forbidden, "You are not an administrator of this server") }
        guard user.isOn(serverName) else { throw MatrixError(.invalidParameter, "\(user) is not a user of this server") }
        guard let account = try database.view().account(of: user), !account.flags.contains(.deactivated) else { throw Self.unknownUser }
        guard user != requester.userID else { throw MatrixError(.forbidden, "This can't be done about one's own account") }
        guard !account.flags.contains(.admin) else { throw MatrixError(.forbidden, "\(user) is an administrator too") }
        return account
    }

    /// What is known about a user's logins (`GET /admin/whois/{userId}`).
    ///
    /// - Throws: `M_FORBIDDEN` for others than the user and administrators; `M_NOT_FOUND`.
    package func whois(_ user: UserID, by requester: Requester) throws -> JSONObject {
        guard requester.isAdmin || requester.userID == user else {
            throw MatrixError(.forbidden, "You are not an administrator of this server")
        }
        let view = database.view()
        guard try view.account(of: user) != nil else { throw Self.unknownUser }
        var devices: JSONObject = [:]
        for (device, metadata) in try view.devices(of: user) {
            var connection: JSONObject = ["last_seen": .integer(metadata.lastSeenAt)]
            connection["ip"] = metadata.lastSeenAddress.map { .string($0) }
            devices[device] = ["sessions": [["connections": [.object(connection)]]]]
        }
        return ["user_id": .string(user.string), "devices": .object(devices)]
    }

    private static let unknownUser = MatrixError(.notFound, "There is no such user")
}
