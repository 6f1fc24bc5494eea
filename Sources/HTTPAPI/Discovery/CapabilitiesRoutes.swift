import CanonicalJSON
import MatrixProtocol

/// What users of this server can do ("Capabilities negotiation").
package struct CapabilitiesRoutes: RouteGroup {
    private let answer: Answer

    /// - Parameter defaultRoomVersion: the version of new rooms for which nobody asks for another one.
    package init(defaultRoomVersion: RoomVersion) {
        var available: JSONObject = [:]
        for version in RoomVersion.supported { available[version.id] = "stable" }
        for version in RoomVersion.unstable { available[version.id] = "unstable" }
        answer = Answer([
            "capabilities": [
                "m.change_password": ["enabled": true],
                "m.room_versions": ["default": .string(defaultRoomVersion.id), "available": .object(available)],
                "m.set_displayname": ["enabled": true],
                "m.set_avatar_url": ["enabled": true],
                "m.profile_fields": ["enabled": true],
                "m.3pid_changes": ["enabled": false],
                "m.get_login_token": ["enabled": false],
                "m.forget_forced_upon_leave": ["enabled": false],
            ]
        ])
    }

    package func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/capabilities", access: .guest) { _ in answer }
    }
}
