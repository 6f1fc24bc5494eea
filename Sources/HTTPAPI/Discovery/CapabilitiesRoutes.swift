import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What users of this server can do ("Capabilities negotiation").
struct CapabilitiesRoutes: RouteGroup {
    private let capabilities: JSONObject

    /// - Parameters:
    ///   - defaultRoomVersion: the version of new rooms for which nobody asks for another one.
    ///   - accounts: what the administrator has decided about accounts.
    init(defaultRoomVersion: RoomVersion, accounts: AccountsSettings = AccountsSettings()) {
        var available: JSONObject = [:]
        for version in RoomVersion.supported { available[version.id] = "stable" }
        for version in RoomVersion.unstable { available[version.id] = "unstable" }
        capabilities = [
            "m.change_password": ["enabled": .bool(accounts.allowsPasswords)],
            "m.room_versions": ["default": .string(defaultRoomVersion.id), "available": .object(available)],
            "m.set_displayname": ["enabled": true],
            "m.set_avatar_url": ["enabled": true],
            "m.profile_fields": ["enabled": true],
            "m.3pid_changes": ["enabled": .bool(accounts.email != nil)],
            "m.get_login_token": ["enabled": .bool(accounts.allowsLoginTokens)],
            "m.forget_forced_upon_leave": ["enabled": false],
        ]
    }

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/capabilities", access: .guest, isLimited: true) { request in
            var capabilities = capabilities
            if try request.requester.isAdmin { capabilities["m.account_moderation"] = ["suspend": true, "lock": true] }
            return Answer(["capabilities": .object(capabilities)])
        }
    }
}
