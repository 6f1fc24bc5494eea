internal import CanonicalJSON

// Rule 5 of the authorization rules: m.room.member.
extension Authorization {
    /// An `m.room.member` event with what its rules look at.
    private struct MemberChange {
        let event: Event
        let content: MemberContent
        /// The *target user*.
        let target: String
        let room: AuthorizationState

        var sender: UserID { event.sender }
        var isOwn: Bool { UTF8Bytes.equal(event.sender.string, target) }
        var senderMembership: Membership { room.senderMembership }
        var targetMembership: Membership { room.targetMembership }

        /// Whether the target has less power than the sender.
        var targetHasLessPower: Bool {
            room.powerLevels.level(of: UserID(trusted: target)) < room.powerLevels.level(of: sender)
        }
    }

    /// Rule 5: `m.room.member`.
    static func checkMember(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        // 5.1
        guard let target = event.stateKey, let content = event.memberContent, content.hasMembership else { throw .noTargetOrMembership }
        let change = MemberChange(event: event, content: content, target: target, room: room)
        if version.restrictedJoins { try checkAuthorisingServer(change) }
        switch event.membership {
        case .join: try checkJoin(change, version: version)
        case .invite: try checkInvite(change)
        case .leave: try checkLeave(change, version: version)
        case .ban: try checkBan(change)
        case .knock where version.knocking: try checkKnock(change)
        // 5.8
        case .knock, nil: throw .unknownMembership
        }
    }

    /// Rule 5.2, where there are restricted joins: the server of `join_authorised_via_users_server` has signed. Whether its signature is valid is checked on receipt, see
    /// `EventSigning.requiredSigners`.
    private static func checkAuthorisingServer(_ change: MemberChange) throws(AuthorizationError) {
        guard let value = change.content.authorisingUser else { return }
        guard let user = value.stringValue.flatMap(UserID.init) else { throw .authorisingUserInvalid }
        guard !SignedJSON.signatures(of: user.serverName.string, on: change.event.json).isEmpty else {
            throw .notSignedByAuthorisingServer(user.serverName)
        }
    }

    /// Rule 5.3: joining.
    private static func checkJoin(_ change: MemberChange, version: RoomVersion) throws(AuthorizationError) {
        // 5.3.1
        if let creator = change.room.createContent.creator(of: change.room.create, version: version),
            UTF8Bytes.equal(creator, change.target),
            change.event.prevEvents == [change.room.create.id]
        {
            return
        }
        // 5.3.2
        guard change.isOwn else { throw .notOwnMembership }
        // 5.3.3
        guard change.senderMembership != .ban else { throw .banned(change.target) }
        let isMemberOrInvited = change.targetMembership == .join || change.targetMembership == .invite
        switch change.room.joinRule {
        // 5.3.4
        case .invite, .knock:
            guard isMemberOrInvited else { throw .notInvited }
        // 5.3.5
        case .restricted, .knockRestricted:
            if !isMemberOrInvited { try checkRestrictedJoin(change) }
        // 5.3.6
        case .public: return
        // 5.3.7
        case .private, nil: throw .joinRuleForbidsJoin
        }
    }

    /// Rule 5.3.5.2: somebody in the room who may invite vouches for the join.
    private static func checkRestrictedJoin(_ change: MemberChange) throws(AuthorizationError) {
        guard let user = change.content.authorisingUser?.stringValue else { throw .notInvited }
        guard change.room.authorisingUserMembership == .join,
            change.room.powerLevels.user(UserID(trusted: user), has: change.room.powerLevels.invite)
        else { throw .notAuthorisedToInvite(user) }
    }

    /// Rule 5.4: inviting.
    private static func checkInvite(_ change: MemberChange) throws(AuthorizationError) {
        // 5.4.1
        if let invite = change.content.thirdPartyInvite { return try checkThirdPartyInvite(invite, change) }
        // 5.4.2
        guard change.senderMembership == .join else { throw .senderNotInRoom(change.sender) }
        // 5.4.3
        guard change.targetMembership != .join, change.targetMembership != .ban else { throw .alreadyInRoomOrBanned(change.target) }
        // 5.4.4, 5.4.5
        try requirePower(change.room.powerLevels.invite, of: change.sender, for: .invite, in: change.room)
    }

    /// Rule 5.4.1: an invite that follows from a third-party one.
    private static func checkThirdPartyInvite(_ invite: JSONValue, _ change: MemberChange) throws(AuthorizationError) {
        // 5.4.1.1
        guard change.targetMembership != .ban else { throw .banned(change.target) }
        // 5.4.1.2
        guard let signed = invite.objectValue?["signed"]?.objectValue else { throw .invalidThirdPartyInvite(.notSigned) }
        // 5.4.1.3
        guard let mxid = signed["mxid"]?.stringValue, signed["token"]?.stringValue != nil else {
            throw .invalidThirdPartyInvite(.incomplete)
        }
        // 5.4.1.4
        guard UTF8Bytes.equal(mxid, change.target) else { throw .invalidThirdPartyInvite(.forAnotherUser) }
        // 5.4.1.5
        guard let invitation = change.room.thirdPartyInvite else { throw .invalidThirdPartyInvite(.unknownToken) }
        // 5.4.1.6
        guard invitation.sender == change.sender else { throw .invalidThirdPartyInvite(.fromAnotherSender) }
        // 5.4.1.7, 5.4.1.8
        guard isSigned(signed, byKeyOf: invitation.content) else { throw .invalidThirdPartyInvite(.signatureInvalid) }
    }

    /// Rule 5.4.1.7: any signature is by any of the invitation's keys.
    private static func isSigned(_ signed: JSONObject, byKeyOf invitation: JSONObject) -> Bool {
        guard let bytes = try? SignedJSON.signedBytes(signed) else { return false }
        var encodedKeys = [invitation["public_key"]?.stringValue]
        encodedKeys += (invitation["public_keys"]?.arrayValue ?? []).map { $0.objectValue?["public_key"]?.stringValue }
        let keys = encodedKeys.compactMap { $0.flatMap(VerifyKey.init(base64:)) }
        return (signed["signatures"]?.objectValue ?? [:]).contains { entity, _ in
            SignedJSON.signatures(of: entity, on: signed).contains { _, signature in
                guard let signature = Base64.decode(signature) else { return false }
                return keys.contains { $0.verify(signature, of: bytes) }
            }
        }
    }

    /// Rule 5.5: leaving, declining, taking back a knock; kicking, taking back an invite, unbanning.
    private static func checkLeave(_ change: MemberChange, version: RoomVersion) throws(AuthorizationError) {
        // 5.5.1
        if change.isOwn {
            switch change.targetMembership {
            case .invite, .join: return
            case .knock where version.knocking: return
            case .knock, .leave, .ban: throw .nothingToLeave
            }
        }
        let levels = change.room.powerLevels
        // 5.5.2
        guard change.senderMembership == .join else { throw .senderNotInRoom(change.sender) }
        // 5.5.3
        if change.targetMembership == .ban { try requirePower(levels.ban, of: change.sender, for: .unban, in: change.room) }
        // 5.5.4, 5.5.5
        try requirePower(levels.kick, of: change.sender, for: .kick, in: change.room)
        guard change.targetHasLessPower else { throw .targetHasAsMuchPower(change.target) }
    }

    /// Rule 5.6: banning.
    private static func checkBan(_ change: MemberChange) throws(AuthorizationError) {
        // 5.6.1
        guard change.senderMembership == .join else { throw .senderNotInRoom(change.sender) }
        // 5.6.2, 5.6.3
        try requirePower(change.room.powerLevels.ban, of: change.sender, for: .ban, in: change.room)
        guard change.targetHasLessPower else { throw .targetHasAsMuchPower(change.target) }
    }

    /// Rule 5.7: knocking.
    private static func checkKnock(_ change: MemberChange) throws(AuthorizationError) {
        // 5.7.1
        guard change.room.joinRule?.allowsKnocking == true else { throw .joinRuleForbidsKnock }
        // 5.7.2
        guard change.isOwn else { throw .notOwnMembership }
        // 5.7.3, 5.7.4
        switch change.senderMembership {
        case .leave, .knock: return
        case .ban, .invite, .join: throw .knockingWhileInRoom
        }
    }
}
