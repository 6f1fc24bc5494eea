import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// Which invites a user isn't told of: those by ignored users, and those that the user doesn't want ("Ignoring Users", "Invite permission").
///
/// It is judged whenever somebody asks, by what the user wants then.
struct HiddenInvites {
    private let user: UserID
    private let ignored: IgnoredUsers
    private let permission: InvitePermission

    init(of user: UserID, in view: AccountsView) throws {
        self.user = user
        ignored = try view.ignoredUsers(of: user)
        permission = try view.invitePermission(of: user)
    }

    /// Whether the user isn't told of the invite.
    func contains(_ invite: StrippedRoom) throws -> Bool {
        if permission.blocksAll { return true }
        let own = try JSONValue(parsing: invite.state).arrayValue?.first { event in
            let event = event.objectValue
            return event?["type"]?.stringValue == EventType.roomMember && event?["state_key"]?.stringValue == user.string
        }
        guard let inviter = own?.objectValue?["sender"]?.stringValue.map(UserID.init(trusted:)) else { return false }
        return ignored.contains(inviter) || permission.action(on: inviter) == .ignore
    }
}
