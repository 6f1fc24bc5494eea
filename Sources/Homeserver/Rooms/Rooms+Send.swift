import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// Sends a message event (`PUT /rooms/{roomId}/send/{eventType}/{txnId}`).
    ///
    /// - Parameter stickiness: for how long it sticks to its room, if it does.
    /// - Throws: `M_FORBIDDEN` when the user may not, `M_BAD_JSON` and `M_TOO_LARGE` when it can't be an event; `M_USER_SUSPENDED` for all but
    ///   redactions of the user's own events.
    package func send(
        _ type: String, _ content: JSONObject, to roomID: RoomID, transactionID: String, stickiness: Stickiness? = nil,
        by requester: Requester
    ) async throws -> EventID {
        try countMessage(by: requester)
        try countSticky(stickiness, in: roomID, by: requester)
        if type != EventType.roomRedaction { try requester.checkNotSuspended() }
        var template = try messageTemplate(type, content, in: roomID, by: requester.userID)
        template.stickiness = stickiness
        let room = try room(roomID)
        let transaction = transaction(transactionID, "send", type, in: room, by: requester)
        return await finish(
            try await commit { [self, template] commit in
                try send(template, in: room, commit, by: transaction, isSuspended: requester.isSuspended)
            })
    }

    /// An event that was sent, and what follows from it beside.
    struct SentEvent: Sendable {
        let id: EventID
        /// What the user keeps of the room's predecessor.
        var succession: IntentID?
        /// That guests are removed.
        var removal: JobID?
    }

    /// Waits until what follows from an event is done.
    private func finish(_ sent: SentEvent) async -> EventID {
        await finish(sent.succession)
        await finish(sent.removal)
        return sent.id
    }

    /// What makes a message event, as far as it can be checked without knowing the room.
    ///
    /// - Throws: `M_BAD_JSON`, `M_MISSING_PARAM` for a redaction that doesn't say of what.
    func messageTemplate(_ type: String, _ content: JSONObject, in roomID: RoomID, by sender: UserID) throws -> EventTemplate {
        try EventContentRules.check(content)
        var template = EventTemplate(type: type, content: content, sender: sender, roomID: roomID)
        if type == EventType.roomRedaction {
            guard let redacts = content["redacts"] else { throw MatrixError(.missingParameter, "Missing redacts") }
            guard let target = redacts.stringValue.flatMap(EventID.init) else { throw MatrixError(.badJSON, "redacts must be an event ID") }
            // The event has it where the room version wants it.
            template.content["redacts"] = nil
            template.redacts = target
        }
        return template
    }

    /// Sends a message event within a commit.
    ///
    /// - Parameter isSuspended: whether the sender can only redact the own events.
    func send(
        _ template: EventTemplate, in room: Room, _ commit: RoomsCommit, by transaction: Transaction?, isSuspended: Bool = false
    ) throws -> SentEvent {
        if let transaction, let sent = try commit.view.eventID(transaction) { return SentEvent(id: sent) }
        let redacted = try template.redacts.map { try redactedEvent($0, by: template.sender, isSuspended: isSuspended, in: room, commit) }
        if isSuspended, redacted == nil { throw MatrixError.userSuspended }
        if let relation = Relation(template.content) {
            try RelationRules.check(relation, type: template.type, sender: template.sender, in: room, commit)
        }
        let sent = try commit.send(template, in: room, signingKey: signingKey, by: transaction)
        return SentEvent(id: sent, removal: try redacted.flatMap { try removeGuestsIfClosed(room, by: $0.type, commit) })
    }

    /// Sends a state event (`PUT /rooms/{roomId}/state/{eventType}/{stateKey}`).
    ///
    /// - Parameter stickiness: for how long it sticks to its room, if it does.
    /// - Throws: `M_FORBIDDEN`, `M_BAD_JSON`, `M_TOO_LARGE`; `M_BAD_ALIAS` and `M_INVALID_PARAM` for canonical aliases, `M_INVITE_BLOCKED` for
    ///   invites, `M_USER_SUSPENDED`.
    package func setState(
        _ key: StateKey, _ content: JSONObject, in roomID: RoomID, stickiness: Stickiness? = nil, by requester: Requester
    ) async throws -> EventID {
        try countMessage(by: requester)
        try countSticky(stickiness, in: roomID, by: requester)
        // To leave a room is always possible.
        let isLeaving = key == .member(requester.userID) && Membership(content) == .leave
        if !isLeaving { try requester.checkNotSuspended() }
        try EventContentRules.check(content)
        let room = try room(roomID)
        if isLeaving { try checkMayLeave(room, requester.userID) }
        let blocking = try blockingInvitee(of: key, content, from: requester.userID)
        return await finish(
            try await commit { [self] commit in
                try setState(
                    key, content, stickiness, in: room, by: requester.userID, isGuest: requester.isGuest, blocking: blocking, commit)
            })
    }

    /// Sends a state event within a commit.
    ///
    /// - Parameter blocking: whom it would invite, if the user refuses that.
    func setState(
        _ key: StateKey, _ content: JSONObject, _ stickiness: Stickiness?, in room: Room, by sender: UserID, isGuest: Bool,
        blocking: UserID?, _ commit: RoomsCommit
    ) throws -> SentEvent {
        // Others than members change nothing but their own membership.
        guard try key.type == EventType.roomMember || commit.view.isJoined(sender, to: room.shortID) else { throw Self.notInRoom }
        try StateContentRules(in: room, serverName: serverName, commit).check(key, content)
        let isOwnJoin = key == .member(sender) && Membership(content) == .join
        var template =
            try isOwnJoin
            ? RestrictedJoin.template(content, of: sender, in: room, serverName: serverName, commit)
            : EventTemplate(type: key.type, stateKey: key.key, content: content, sender: sender, roomID: room.id)
        template.stickiness = stickiness
        let sent =
            try isOwnJoin
            ? join(by: template, in: room, isGuest: isGuest, commit)
            : (event: commit.send(template, in: room, signingKey: signingKey), succession: nil)
        if let blocking { throw MatrixError.inviteBlocked(by: blocking) }
        return SentEvent(id: sent.event, succession: sent.succession, removal: try removeGuestsIfClosed(room, by: key.type, commit))
    }

    /// The user whom a state event would invite, if that user refuses it.
    func blockingInvitee(of key: StateKey, _ content: JSONObject, from sender: UserID) throws -> UserID? {
        try key.invitee(content).flatMap { try isInviteBlocked(by: $0, from: sender) ? $0 : nil }
    }

    /// What nobody may redact: without its create event a room is none, and an access control list that is redacted lets nobody in.
    private static let unredactableTypes: Set<String> = [EventType.roomCreate, EventType.roomServerACL]

    /// Redacts an event (`PUT /rooms/{roomId}/redact/{eventId}/{txnId}`).
    ///
    /// - Parameter content: the redaction's content, such as its reason.
    /// - Throws: `M_NOT_FOUND` when the event isn't in the room, `M_FORBIDDEN`, also for create events and server ACLs; `M_USER_SUSPENDED` for
    ///   other users' events.
    package func redact(
        _ eventID: EventID, content: JSONObject, in roomID: RoomID, transactionID: String, by requester: Requester
    ) async throws -> EventID {
        try countMessage(by: requester)
        try EventContentRules.check(content)
        let room = try room(roomID)
        let template = EventTemplate(
            type: EventType.roomRedaction, content: content, sender: requester.userID, roomID: roomID, redacts: eventID)
        let transaction = transaction(transactionID, "redact", eventID.string, in: room, by: requester)
        return await finish(
            try await commit { [self] commit in
                try send(template, in: room, commit, by: transaction, isSuspended: requester.isSuspended)
            })
    }

    /// The event that is to be redacted, if the sender may do that.
    private func redactedEvent(
        _ eventID: EventID, by sender: UserID, isSuspended: Bool, in room: Room, _ commit: RoomsCommit
    ) throws -> Event {
        guard try commit.view.isJoined(sender, to: room.shortID) else { throw Self.notInRoom }
        guard let (pduID, target) = try commit.view.timelineEvent(eventID), pduID.room == room.shortID else {
            throw MatrixError(.notFound, "There is no event \(eventID) in this room")
        }
        let event = try Event(target, in: room)
        guard !Self.unredactableTypes.contains(event.type) else {
            throw MatrixError(.forbidden, "Events of type \(event.type) can't be redacted")
        }
        if isSuspended, event.sender != sender { throw MatrixError.userSuspended }
        let levels = try commit.powerLevels(in: room)
        guard event.sender == sender || levels.user(sender, has: levels.redact) else {
            throw MatrixError(.forbidden, "Redacting other people's events needs power level \(levels.redact)")
        }
        return event
    }

    /// A client's transaction: its ID is unique for the device and the path ("Transaction identifiers").
    func transaction(
        _ id: String, _ endpoint: String, _ subject: String, in room: Room, by requester: Requester
    ) -> Transaction {
        // Subject and ID may contain slashes themselves, so the subject's length keeps them apart.
        let name = "\(room.shortID.number)/\(endpoint)/\(subject.utf8.count)/\(subject)/\(id)"
        return Transaction(user: requester.userID, device: requester.deviceID ?? "", name: name, id: id)
    }
}

extension StateKey {
    /// Who is invited by an event of this key and that content.
    fileprivate func invitee(_ content: JSONObject) -> UserID? {
        type == EventType.roomMember && Membership(content) == .invite ? UserID(key) : nil
    }
}
