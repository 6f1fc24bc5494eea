import CanonicalJSON
import MatrixProtocol

/// What a client asks for in `POST /createRoom`.
package struct CreateRoomRequest: Sendable {
    /// The ready-made sets of rules for a new room.
    package enum Preset: String, Sendable, CaseIterable {
        case privateChat = "private_chat"
        case trustedPrivateChat = "trusted_private_chat"
        case publicChat = "public_chat"
    }

    package var visibility = Visibility.private
    package var aliasLocalpart: String?
    package var name: String?
    package var topic: String?
    package var invite: [UserID] = []
    package var thirdPartyInvites: [ThirdPartyInvite] = []
    package var roomVersion: String?
    package var creationContent: JSONObject = [:]
    package var initialState: [(key: StateKey, content: JSONObject)] = []
    package var preset: Preset?
    package var isDirect = false
    package var powerLevelOverride: JSONObject = [:]

    /// Whether the room is in the public directory.
    package enum Visibility: String, Sendable, CaseIterable {
        case `public`
        case `private`
    }

    package init() {}

    /// The preset, or the one that the visibility implies.
    var effectivePreset: Preset {
        preset ?? (visibility == .public ? .publicChat : .privateChat)
    }
}

extension CreateRoomRequest.Preset {
    /// The state that the preset sets where the request doesn't.
    var state: [(key: StateKey, content: JSONObject)] {
        let isPublic = self == .publicChat
        var state: [(StateKey, JSONObject)] = [
            (.joinRules, ["join_rule": .string(isPublic ? "public" : "invite")]),
            (.historyVisibility, ["history_visibility": .string(HistoryVisibility.shared.rawValue)]),
        ]
        if !isPublic { state.append((.guestAccess, ["guest_access": "can_join"])) }
        return state
    }
}
