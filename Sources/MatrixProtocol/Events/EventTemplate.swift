package import CanonicalJSON

/// What somebody wants to send, before the room's graph, the hashes and the signature make it an event.
package struct EventTemplate: Sendable {
    package var type: String
    /// The `state_key`, for a state event.
    package var stateKey: String?
    package var content: JSONObject
    package var sender: UserID
    /// The room; nil for a create event whose room is named after it (room version 12).
    package var roomID: RoomID?
    /// The event to redact. It is written where the room version wants it.
    package var redacts: EventID?
    /// For how long it sticks to its room, if it does.
    package var stickiness: Stickiness?

    package init(
        type: String, stateKey: String? = nil, content: JSONObject, sender: UserID, roomID: RoomID?, redacts: EventID? = nil,
        stickiness: Stickiness? = nil
    ) {
        self.type = type
        self.stateKey = stateKey
        self.content = content
        self.sender = sender
        self.roomID = roomID
        self.redacts = redacts
        self.stickiness = stickiness
    }
}
