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
        if type == EventType.roomRedaction {
            guard let target = content["redacts"]?.stringValue.flatMap(EventID.init) else {
                throw MatrixError(.missingParameter, "A redaction's content names the event in redacts")
            }
            return try await redact(target, content: content, in: roomID, transactionID: transactionID, by: requester)
        }
        let room = try room(roomID)
        let template = EventTemplate(type: type, content: content, sender: requester.userID, roomID: roomID)
        let transaction = transaction(transactionID, "send/\(type)", in: room, by: requester)
        return try await commit { [signingKey] commit in
            try commit.send(template, in: room, signingKey: signingKey, by: transaction)
        }
    }

    /// Sends a state event (`PUT /rooms/{roomId}/state/{eventType}/{stateKey}`).
    ///
    /// - Throws: `M_FORBIDDEN`, `M_BAD_JSON`, `M_TOO_LARGE`; `M_BAD_ALIAS` and `M_INVALID_PARAM` for canonical aliases.
    package func setState(_ key: StateKey, _ content: JSONObject, in roomID: RoomID, by requester: Requester) async throws -> EventID {
        let room = try room(roomID)
        let template = EventTemplate(type: key.type, stateKey: key.key, content: content, sender: requester.userID, roomID: roomID)
        return try await commit { [signingKey, serverName] commit in
            try StateContentRules.check(template, in: room, serverName: serverName, commit)
            return try commit.send(template, in: room, signingKey: signingKey)
        }
    }

    /// Redacts an event (`PUT /rooms/{roomId}/redact/{eventId}/{txnId}`).
    ///
    /// - Parameter content: the redaction's content, such as its reason.
    /// - Throws: `M_NOT_FOUND` when the event isn't in the room, `M_FORBIDDEN`.
    package func redact(
        _ eventID: EventID, content: JSONObject, in roomID: RoomID, transactionID: String, by requester: Requester
    ) async throws -> EventID {
        let room = try room(roomID)
        let template = EventTemplate(
            type: EventType.roomRedaction, content: content, sender: requester.userID, roomID: roomID, redacts: eventID)
        let transaction = transaction(transactionID, "redact/\(eventID)", in: room, by: requester)
        return try await commit { [signingKey] commit in
            if let sent = try commit.view.eventID(transaction) { return sent }
            guard try commit.view.isJoined(requester.userID, to: room.shortID) else { throw Self.notInRoom }
            guard let (pduID, target) = try commit.view.timelineEvent(eventID), pduID.room == room.shortID else {
                throw MatrixError(.notFound, "There is no event \(eventID) in this room")
            }
            let event = try Event(trusted: target.json, id: eventID, roomID: roomID, version: room.version)
            guard event.type != EventType.roomCreate else { throw MatrixError(.forbidden, "A room's create event can't be redacted") }
            let levels = try commit.powerLevels(in: room)
            guard event.sender == requester.userID || levels.user(requester.userID, has: levels.redact) else {
                throw MatrixError(.forbidden, "Redacting other people's events needs power level \(levels.redact)")
            }
            return try commit.send(template, in: room, signingKey: signingKey, by: transaction)
        }
    }

    /// A client's transaction: its ID is unique for the device, the endpoint and the room ("Transaction identifiers").
    private func transaction(_ id: String, _ endpoint: String, in room: Room, by requester: Requester) -> Transaction {
        Transaction(
            user: requester.userID, device: requester.deviceID ?? "", name: "\(room.shortID.number)/\(endpoint)/\(id)", id: id)
    }
}
