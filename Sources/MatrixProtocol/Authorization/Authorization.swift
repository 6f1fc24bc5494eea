internal import CanonicalJSON

/// The authorization rules: whether a room's state allows an event (each room version's "Authorisation rules").
///
/// The rules are functions in the specification's order. The numbers in their comments are room version 12's: older versions have no rule 2,
/// and versions 1 to 5 have one for `m.room.aliases` before that on membership.
package enum Authorization {
    /// Checks an event against a state of its room: rules 1, 2 and 4 to 11.
    ///
    /// What an event has to pass are its auth events, the state before it, and the current state; `checkAuthEvents` is rule 3. Signatures
    /// are checked before: `EventSigning.requiredSigners` says whose.
    ///
    /// - Parameter state: looks up a state event; asked for the create event and for `authEventKeys` only. Never a rejected event.
    /// - Throws: `AuthorizationError` if the event is not allowed, and what `state` throws.
    package static func check(_ event: Event, version: RoomVersion, state: (StateKey) throws -> Event?) throws {
        guard event.type != EventType.roomCreate else { return try checkCreate(event, version: version) }
        let room = try AuthorizationState(for: event, version: version, state: state)
        try checkRules(event, version: version, in: room)
    }

    /// The rules that look at the room's state: 2, and 4 to 11.
    static func checkRules(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        try checkRoomID(event, version: version, in: room)
        try checkFederation(event, in: room)
        if event.type == EventType.roomAliases, version.aliasesBelongToServers { return try checkAliases(event) }
        if event.type == EventType.roomMember { return try checkMember(event, version: version, in: room) }
        try checkSenderIsJoined(event, in: room)
        if event.type == EventType.roomThirdPartyInvite { return try checkThirdPartyInvite(event, in: room) }
        try checkRequiredPowerLevel(event, in: room)
        try checkStateKey(event, version: version, in: room)
        if event.type == EventType.roomPowerLevels { try checkPowerLevels(event, version: version, in: room) }
        if event.type == EventType.roomRedaction, version.redactionsAreAuthorized { try checkRedaction(event, in: room) }
    }

    /// Rule 1: `m.room.create`.
    static func checkCreate(_ event: Event, version: RoomVersion) throws(AuthorizationError) {
        // 1.1
        guard event.prevEvents.isEmpty else { throw .createHasPreviousEvents }
        // 1.2
        if version.roomIDIsCreateHash {
            guard event.json["room_id"] == nil else { throw .createHasRoomID }
        } else {
            guard event.roomID.serverName == event.sender.serverName else { throw .createInForeignRoom }
        }
        let content = event.content
        // 1.3
        if let roomVersion = content["room_version"] {
            guard let id = roomVersion.stringValue, RoomVersion(id) != nil else {
                throw .unknownRoomVersion(String(decoding: roomVersion.encoded(), as: UTF8.self))
            }
        }
        // 1.4, before room version 11
        guard version.creatorIsSender || content["creator"] != nil else { throw .createHasNoCreator }
        // 1.4, from room version 12 on
        if version.creatorsArePrivileged, let creators = content["additional_creators"] {
            guard let creators = creators.arrayValue, creators.allSatisfy({ $0.stringValue.flatMap(UserID.init) != nil }) else {
                throw .invalidAdditionalCreators
            }
        }
    }

    /// Rule 2, from room version 12 on: the room ID names an accepted create event.
    private static func checkRoomID(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        guard version.roomIDIsCreateHash else { return }
        guard event.roomID.createEventID == room.create.id else { throw .roomNotFromCreateEvent(event.roomID) }
    }

    /// Rule 3: the event's `auth_events`.
    ///
    /// - Parameters:
    ///   - authEvents: the events that `auth_events` names.
    ///   - isRejected: whether one of them was rejected.
    package static func checkAuthEvents(
        _ authEvents: [Event], of event: Event, version: RoomVersion, isRejected: (Event) -> Bool
    ) throws(AuthorizationError) {
        // Rule 1 lets a create event pass before rule 3 is asked.
        guard event.type != EventType.roomCreate else { return }
        let expected = Set(authEventKeys(for: event, version: version))
        var seen: Set<StateKey> = []
        for authEvent in authEvents {
            // 3.1
            if let key = authEvent.key, !seen.insert(key).inserted { throw .duplicateAuthEvent(key) }
            // 3.2
            guard let key = authEvent.key, expected.contains(key) else { throw .unexpectedAuthEvent(authEvent.key) }
            // 3.3
            guard !isRejected(authEvent) else { throw .rejectedAuthEvent(authEvent.id) }
        }
        // 3.4, before room version 12
        guard version.roomIDIsCreateHash || seen.contains(.create) else { throw .noCreateEvent }
        // 3.5
        for authEvent in authEvents where authEvent.roomID != event.roomID {
            throw .authEventFromOtherRoom(authEvent.id)
        }
    }

    /// Rule 4: a room that doesn't federate is for users of the creator's server.
    private static func checkFederation(_ event: Event, in room: AuthorizationState) throws(AuthorizationError) {
        guard !room.createContent.federates else { return }
        guard event.sender.serverName == room.create.sender.serverName else { throw .notFederated(event.sender.serverName) }
    }

    /// Rule 4 of room versions 1 to 5: a server's aliases are set by its users, who need not even be members.
    private static func checkAliases(_ event: Event) throws(AuthorizationError) {
        guard let server = event.stateKey, event.sender.isOn(ServerName(trusted: server)) else { throw .aliasesOfAnotherServer }
    }

    /// Rule 6: only members send.
    private static func checkSenderIsJoined(_ event: Event, in room: AuthorizationState) throws(AuthorizationError) {
        guard room.senderMembership == .join else { throw .senderNotInRoom(event.sender) }
    }

    /// Rule 7: `m.room.third_party_invite`.
    private static func checkThirdPartyInvite(_ event: Event, in room: AuthorizationState) throws(AuthorizationError) {
        try requirePower(room.powerLevels.invite, of: event.sender, for: .invite, in: room)
    }

    /// Rule 8: the event type's *required power level*.
    private static func checkRequiredPowerLevel(_ event: Event, in room: AuthorizationState) throws(AuthorizationError) {
        let needed = room.powerLevels.levelToSend(event.type, isState: event.isState)
        try requirePower(needed, of: event.sender, for: .send(type: event.type), in: room)
    }

    /// Rule 11 of room versions 1 and 2: redacting takes the *redact level*, or an event of the same server.
    private static func checkRedaction(_ event: Event, in room: AuthorizationState) throws(AuthorizationError) {
        if room.powerLevels.user(event.sender, has: room.powerLevels.redact) { return }
        guard let server = event.id.serverName, event.redacts?.serverName == server else {
            throw .insufficientPower(.redact, needed: room.powerLevels.redact, has: room.powerLevels.level(of: event.sender))
        }
    }

    static func requirePower(
        _ needed: Int64, of user: UserID, for action: AuthorizationError.Action, in room: AuthorizationState
    ) throws(AuthorizationError) {
        let level = room.powerLevels.level(of: user)
        guard level >= .level(needed) else { throw .insufficientPower(action, needed: needed, has: level) }
    }
}
