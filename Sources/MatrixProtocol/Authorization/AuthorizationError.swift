/// The rule that an event breaks. `description` says it for a person.
package enum AuthorizationError: Error, Equatable, Sendable, CustomStringConvertible {
    // The create event and the auth events.
    case createHasPreviousEvents
    case createInForeignRoom
    case createHasRoomID
    case unknownRoomVersion(String)
    case createHasNoCreator
    case invalidAdditionalCreators
    case roomNotFromCreateEvent(RoomID)
    case roomHasCreateEvent(EventID)
    case duplicateAuthEvent(StateKey)
    case unexpectedAuthEvent(StateKey?)
    case rejectedAuthEvent(EventID)
    case authEventFromOtherRoom(EventID)
    case noCreateEvent
    case notFederated(ServerName)
    case aliasesOfAnotherServer

    // Membership.
    case noTargetOrMembership
    case authorisingUserInvalid
    case notSignedByAuthorisingServer(ServerName)
    case unknownMembership
    case notOwnMembership
    case banned(String)
    case notInvited
    case joinRuleForbidsJoin
    case notAuthorisedToInvite(String)
    case alreadyInRoomOrBanned(String)
    case invalidThirdPartyInvite(ThirdPartyInviteProblem)
    case nothingToLeave
    case joinRuleForbidsKnock
    case knockingWhileInRoom

    // Everything else.
    case senderNotInRoom(UserID)
    case insufficientPower(Action, needed: Int64, has: PowerLevel)
    case targetHasAsMuchPower(String)
    case stateKeyOfAnotherUser
    case stateKeyWithoutOwner
    case powerLevelNotInteger(String)
    case powerLevelUserInvalid(String)
    case creatorInPowerLevels(UserID)
    case powerLevelAboveOwn(String, level: Int64, own: PowerLevel)
    case powerLevelOfEqualUser(String)

    /// What somebody needs power for.
    package enum Action: Equatable, Sendable {
        case send(type: String)
        case invite
        case kick
        case ban
        case unban
        case redact
    }

    /// What is wrong with an invite that follows from a third-party one.
    package enum ThirdPartyInviteProblem: Sendable {
        case notSigned
        case incomplete
        case forAnotherUser
        case unknownToken
        case fromAnotherSender
        case signatureInvalid
    }

    package var description: String {
        switch self {
        case .createHasPreviousEvents: "A room's create event cannot follow other events"
        case .createInForeignRoom: "The room ID is of another server than the creator"
        case .createHasRoomID: "A create event of this room version cannot have a room_id"
        case .unknownRoomVersion(let version): "Room version \(version) is not known"
        case .createHasNoCreator: "The create event names no creator"
        case .invalidAdditionalCreators: "additional_creators is not a list of user IDs"
        case .roomNotFromCreateEvent(let room): "\(room) is not the room of the create event"
        case .roomHasCreateEvent(let id): "The room was created by \(id)"
        case .duplicateAuthEvent(let key): "auth_events has more than one event for \(key)"
        case .unexpectedAuthEvent(let key):
            "auth_events has an event that does not belong there: \(key.map(\.description) ?? "no state event")"
        case .rejectedAuthEvent(let id): "auth_events has \(id), which was rejected"
        case .authEventFromOtherRoom(let id): "auth_events has \(id), which is from another room"
        case .noCreateEvent: "The room has no create event"
        case .notFederated(let server): "The room is closed to other servers, such as \(server)"
        case .aliasesOfAnotherServer: "Aliases are set under the name of the sender's own server"
        case .noTargetOrMembership: "A membership event needs a state_key and a membership"
        case .authorisingUserInvalid: "join_authorised_via_users_server is not a user ID"
        case .notSignedByAuthorisingServer(let server): "The membership is not signed by \(server), which is to vouch for it"
        case .unknownMembership: "The membership is none that is known"
        case .notOwnMembership: "Only users themselves can do this to their membership"
        case .banned(let user): "\(user) is banned from the room"
        case .notInvited: "You are not invited to this room"
        case .joinRuleForbidsJoin: "The room's join rule does not let you join"
        case .notAuthorisedToInvite(let user): "\(user), who is to vouch for the join, cannot invite users to the room"
        case .alreadyInRoomOrBanned(let user): "\(user) is in the room already, or banned from it"
        case .invalidThirdPartyInvite(let problem): "The third-party invite is not valid: \(problem.description)"
        case .nothingToLeave: "You are neither in the room, nor invited, nor knocking"
        case .joinRuleForbidsKnock: "The room's join rule does not let you knock"
        case .knockingWhileInRoom: "You cannot knock: you are in the room, invited or banned"
        case .senderNotInRoom(let user): "\(user) is not in the room"
        case .insufficientPower(let action, let needed, let has): "You need power level \(needed) \(action.description), and have \(has)"
        case .targetHasAsMuchPower(let user): "\(user) has as much power as you or more"
        case .stateKeyOfAnotherUser: "The state_key is another user's ID"
        case .stateKeyWithoutOwner: "The state_key begins like a user ID, but names no user whose it could be"
        case .powerLevelNotInteger(let name): "\(name) in the power levels is not an integer, or not a list of integers"
        case .powerLevelUserInvalid(let user): "\(user) in the power levels is not a user ID"
        case .creatorInPowerLevels(let user): "The power levels cannot name \(user), who created the room"
        case .powerLevelAboveOwn(let name, let level, let own): "You cannot set \(name) to or from \(level), having power level \(own)"
        case .powerLevelOfEqualUser(let user): "You cannot change the power level of \(user), who has as much power as you or more"
        }
    }
}

extension AuthorizationError.Action {
    fileprivate var description: String {
        switch self {
        case .send(let type): "to send \(type)"
        case .invite: "to invite"
        case .kick: "to remove users"
        case .ban: "to ban users"
        case .unban: "to unban users"
        case .redact: "to redact other servers' events"
        }
    }
}

extension AuthorizationError.ThirdPartyInviteProblem {
    fileprivate var description: String {
        switch self {
        case .notSigned: "it has no signed part"
        case .incomplete: "its signed part has no mxid or token"
        case .forAnotherUser: "it is for another user"
        case .unknownToken: "the room has no invitation with its token"
        case .fromAnotherSender: "the invitation was sent by somebody else"
        case .signatureInvalid: "no signature is by one of the invitation's keys"
        }
    }
}
