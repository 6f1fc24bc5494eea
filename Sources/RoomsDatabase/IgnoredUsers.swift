import CanonicalJSON
import MatrixProtocol

/// The users whose events somebody doesn't want to see ("Ignoring Users").
package struct IgnoredUsers: Sendable {
    /// Who they are.
    package let users: Set<UserID>

    /// Nobody is ignored.
    package static let none = IgnoredUsers()

    private init() {
        users = []
    }

    /// Those of a user, by the content of the account data `m.ignored_user_list`. Nobody ignores oneself.
    package init(_ content: JSONObject, of user: UserID) {
        users = Set((content["ignored_users"]?.objectValue ?? [:]).map { UserID(trusted: $0.key) }).subtracting([user])
    }

    /// Whether the user is ignored.
    package func contains(_ user: UserID) -> Bool { users.contains(user) }

    /// Whether the event isn't shown. State always is, or the room would look different.
    package func hide(_ event: StoredEvent) throws -> Bool {
        if users.isEmpty { return false }
        let fields = try JSONFields(scanning: event.json)
        return fields["state_key"] == nil && fields.string("sender").map { users.contains(UserID(trusted: $0)) } ?? false
    }
}
