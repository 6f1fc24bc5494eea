import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// What users say in their account data about others whom they don't want to hear of.
extension AccountsView {
    /// The users whom a user ignores.
    func ignoredUsers(of user: UserID) throws -> IgnoredUsers {
        guard let content = try content(of: AccountDataType.ignoredUserList, of: user) else { return .none }
        return IgnoredUsers(content, of: user)
    }

    /// By whom a user wants to be invited.
    func invitePermission(of user: UserID) throws -> InvitePermission {
        InvitePermission(
            try content(of: InvitePermission.type, of: user), filter: try content(of: InvitePermission.filterType, of: user))
    }

    private func content(of type: String, of user: UserID) throws -> JSONObject? {
        try accountData(of: user, in: nil, type: type).flatMap { try JSONValue(parsing: $0).objectValue }
    }
}
