package import CanonicalJSON

extension Authorization {
    /// The state events that give the right to send an event: those of them that exist are its `auth_events`
    /// (server-server API, "Auth events selection").
    ///
    /// - Returns: each key once; none for a create event.
    package static func authEventKeys(
        type: String, stateKey: String?, sender: UserID, content: JSONObject, version: RoomVersion
    ) -> [StateKey] {
        guard type != EventType.roomCreate else { return [] }
        var keys: [StateKey] = version.roomIDIsCreateHash ? [] : [.create]
        keys.append(.powerLevels)
        keys.append(.member(sender))
        if type == EventType.roomMember, let stateKey {
            appendMemberKeys(target: stateKey, content: content, version: version, to: &keys)
        }
        return keys
    }

    /// The state events that give the right to send what the template describes.
    package static func authEventKeys(for template: EventTemplate, version: RoomVersion) -> [StateKey] {
        authEventKeys(
            type: template.type, stateKey: template.stateKey, sender: template.sender, content: template.content, version: version)
    }

    /// The state events that give the right to send this event.
    package static func authEventKeys(for event: Event, version: RoomVersion) -> [StateKey] {
        authEventKeys(
            type: event.type, stateKey: event.stateKey, sender: event.sender,
            content: event.type == EventType.roomMember ? event.content : [:], version: version)
    }

    private static func appendMemberKeys(target: String, content: JSONObject, version: RoomVersion, to keys: inout [StateKey]) {
        func append(_ key: StateKey) {
            if !keys.contains(key) { keys.append(key) }
        }
        append(StateKey(EventType.roomMember, target))
        guard let membership = Membership(content) else { return }
        switch membership {
        case .join, .invite, .knock: append(.joinRules)
        case .leave, .ban: break
        }
        if membership == .invite,
            let token = content["third_party_invite"]?.objectValue?["signed"]?.objectValue?["token"]?.stringValue
        {
            append(.thirdPartyInvite(token: token))
        }
        if membership == .join, version.restrictedJoins, let user = content["join_authorised_via_users_server"]?.stringValue {
            append(StateKey(EventType.roomMember, user))
        }
    }
}
