package import CanonicalJSON

/// The part of a room's state that gives the right to send an event (server-server API, "Auth events selection"), beside the create event and
/// the power levels, which all events need.
struct RequiredState {
    /// The sender's membership.
    let sender: StateKey
    /// The membership of whom a member event is about; nil for other events, and where that is the sender.
    private(set) var target: StateKey?
    /// Whether the join rules are needed.
    private(set) var needsJoinRules = false
    /// The invitation whose token a third-party invite carries.
    private(set) var thirdPartyInvite: StateKey?
    /// The membership of the user who vouches for a restricted join.
    private(set) var authorisingUser: StateKey?

    /// - Parameter member: what a member event says; nil for other events.
    init(stateKey: String?, sender: UserID, member: MemberContent?, version: RoomVersion) {
        self.sender = .member(sender)
        guard let member, let stateKey else { return }
        if !UTF8Bytes.equal(stateKey, sender.string) { target = StateKey(EventType.roomMember, stateKey) }
        switch member.membership {
        case .join:
            needsJoinRules = true
            if version.restrictedJoins, let user = member.authorisingUser?.stringValue {
                authorisingUser = StateKey(EventType.roomMember, user)
            }
        case .invite:
            needsJoinRules = true
            thirdPartyInvite = member.token.map(StateKey.thirdPartyInvite)
        case .knock: needsJoinRules = true
        case .leave, .ban, nil: break
        }
    }

    init(_ event: Event, version: RoomVersion) {
        self.init(stateKey: event.stateKey, sender: event.sender, member: event.memberContent, version: version)
    }
}

extension Authorization {
    /// The state events that give the right to send an event: those of them that exist are its `auth_events`
    /// (server-server API, "Auth events selection").
    ///
    /// - Returns: each key once; none for a create event.
    package static func authEventKeys(
        type: String, stateKey: String?, sender: UserID, content: JSONObject, version: RoomVersion
    ) -> [StateKey] {
        let member = type == EventType.roomMember ? MemberContent(content) : nil
        return authEventKeys(
            type: type, RequiredState(stateKey: stateKey, sender: sender, member: member, version: version), version: version)
    }

    /// The state events that give the right to send what the template describes.
    package static func authEventKeys(for template: EventTemplate, version: RoomVersion) -> [StateKey] {
        authEventKeys(
            type: template.type, stateKey: template.stateKey, sender: template.sender, content: template.content, version: version)
    }

    /// The state events that give the right to send this event.
    package static func authEventKeys(for event: Event, version: RoomVersion) -> [StateKey] {
        authEventKeys(type: event.type, RequiredState(event, version: version), version: version)
    }

    private static func authEventKeys(type: String, _ required: RequiredState, version: RoomVersion) -> [StateKey] {
        guard type != EventType.roomCreate else { return [] }
        var keys: [StateKey] = version.roomIDIsCreateHash ? [] : [.create]
        keys += [.powerLevels, required.sender]
        if let target = required.target { keys.append(target) }
        if required.needsJoinRules { keys.append(.joinRules) }
        if let invite = required.thirdPartyInvite { keys.append(invite) }
        // Who vouches for the join may be named twice.
        if let user = required.authorisingUser, !keys.contains(user) { keys.append(user) }
        return keys
    }
}
