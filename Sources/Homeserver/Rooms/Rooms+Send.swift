import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// Sends a message event (`PUT /rooms/{roomId}/send/{eventType}/{txnId}`).
    ///
    /// - Throws: `M_FORBIDDEN` when the user may not, `M_BAD_JSON` and `M_TOO_LARGE` when it can't be an event.
    package func send(
        _ type: String, _ content: JSONObject, to roomID: RoomID, transactionID: String, by requester: Requester
    ) async throws -> EventID {
        try EventContentRules.check(content)
        let room = try room(roomID)
        let transaction = transaction(transactionID, "send", type, in: room, by: requester)
        if type == EventType.roomRedaction {
            guard let redacts = content["redacts"] else { throw MatrixError(.missingParameter, "Missing redacts") }
            guard let target = redacts.stringValue.flatMap(EventID.init) else { throw MatrixError(.badJSON, "redacts must be an event ID") }
            var content = content
            // The event has it where the room version wants it.
            content["redacts"] = nil
            return try await redact(target, content: content, in: room, by: requester, transaction)
        }
        let template = EventTemplate(type: type, content: content, sender: requester.userID, roomID: roomID)
        let relation = Relation(content)
        return try await commit { [signingKey] commit in
            if let relation, try commit.view.eventID(transaction) == nil {
                try RelationRules.check(relation, type: type, sender: requester.userID, in: room, commit)
            }
            return try commit.send(template, in: room, signingKey: signingKey, by: transaction)
        }
    }

    /// Sends a state event (`PUT /rooms/{roomId}/state/{eventType}/{stateKey}`).
    ///
    /// - Throws: `M_FORBIDDEN`, `M_BAD_JSON`, `M_TOO_LARGE`; `M_BAD_ALIAS` and `M_INVALID_PARAM` for canonical aliases, `M_INVITE_BLOCKED` for
    ///   invites.
    package func setState(_ key: StateKey, _ content: JSONObject, in roomID: RoomID, by requester: Requester) async throws -> EventID {
        try EventContentRules.check(content)
        let room = try room(roomID)
        let blocking = try key.invitee(content).flatMap { try isInviteBlocked(by: $0, from: requester.userID) ? $0 : nil }
        let (event, succession, removal) = try await commit { [self] commit in
            // Others than members change nothing but their own membership.
            guard try key.type == EventType.roomMember || commit.view.isJoined(requester.userID, to: room.shortID) else {
                throw Self.notInRoom
            }
            try StateContentRules(in: room, serverName: serverName, commit).check(key, content)
            let isOwnJoin = key == .member(requester.userID) && Membership(content) == .join
            let template =
                try isOwnJoin
                ? RestrictedJoin.template(content, of: requester.userID, in: room, serverName: serverName, commit)
                : EventTemplate(type: key.type, stateKey: key.key, content: content, sender: requester.userID, roomID: roomID)
            let sent =
                try isOwnJoin
                ? join(by: template, in: room, isGuest: requester.isGuest, commit)
                : (event: commit.send(template, in: room, signingKey: signingKey), succession: nil)
            if let blocking { throw MatrixError.inviteBlocked(by: blocking) }
            return (sent.event, sent.succession, try removeGuestsIfClosed(room, by: key.type, commit))
        }
        await finish(succession)
        await finish(removal)
        return event
    }

    /// What nobody may redact: without its create event a room is none, and an access control list that is redacted lets nobody in.
    private static let unredactableTypes: Set<String> = [EventType.roomCreate, EventType.roomServerACL]

    /// Redacts an event (`PUT /rooms/{roomId}/redact/{eventId}/{txnId}`).
    ///
    /// - Parameter content: the redaction's content, such as its reason.
    /// - Throws: `M_NOT_FOUND` when the event isn't in the room, `M_FORBIDDEN`, also for create events and server ACLs.
    package func redact(
        _ eventID: EventID, content: JSONObject, in roomID: RoomID, transactionID: String, by requester: Requester
    ) async throws -> EventID {
        try EventContentRules.check(content)
        let room = try room(roomID)
        let transaction = transaction(transactionID, "redact", eventID.string, in: room, by: requester)
        return try await redact(eventID, content: content, in: room, by: requester, transaction)
    }

    private func redact(
        _ eventID: EventID, content: JSONObject, in room: Room, by requester: Requester, _ transaction: Transaction
    ) async throws -> EventID {
        let template = EventTemplate(
            type: EventType.roomRedaction, content: content, sender: requester.userID, roomID: room.id, redacts: eventID)
        let (redaction, removal) = try await commit { [self] commit -> (EventID, JobID?) in
            if let sent = try commit.view.eventID(transaction) { return (sent, nil) }
            guard try commit.view.isJoined(requester.userID, to: room.shortID) else { throw Self.notInRoom }
            guard let (pduID, target) = try commit.view.timelineEvent(eventID), pduID.room == room.shortID else {
                throw MatrixError(.notFound, "There is no event \(eventID) in this room")
            }
            let event = try Event(trusted: target.json, id: eventID, roomID: room.id, version: room.version)
            guard !Self.unredactableTypes.contains(event.type) else {
                throw MatrixError(.forbidden, "Events of type \(event.type) can't be redacted")
            }
            let levels = try commit.powerLevels(in: room)
            guard event.sender == requester.userID || levels.user(requester.userID, has: levels.redact) else {
                throw MatrixError(.forbidden, "Redacting other people's events needs power level \(levels.redact)")
            }
            let sent = try commit.send(template, in: room, signingKey: signingKey, by: transaction)
            return (sent, try removeGuestsIfClosed(room, by: event.type, commit))
        }
        await finish(removal)
        return redaction
    }

    /// A client's transaction: its ID is unique for the device and the path ("Transaction identifiers").
    private func transaction(
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
