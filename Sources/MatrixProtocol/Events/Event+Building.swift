internal import CanonicalJSON

extension Event {
    /// Makes an event of ours: adds the content hash and this server's signature, and computes the event's ID
    /// (server-server API, "Adding hashes and signatures to outgoing events").
    ///
    /// - Parameters:
    ///   - prevEvents: the room's forward extremities.
    ///   - authEvents: the events for `Authorization.authEventKeys`.
    ///   - depth: that of the previous events and one more, see `EventFormat.depth(after:)`.
    ///   - originServerTS: now, in milliseconds since 1970.
    /// - Throws: when the content isn't what the room version allows, or a size limit is exceeded. What we make keeps to the limits in
    ///   bytes, in every room version.
    package static func build(
        _ template: EventTemplate, version: RoomVersion, prevEvents: [EventReference], authEvents: [EventReference], depth: Int64,
        originServerTS: Int64, serverName: ServerName, signingKey: SigningKey
    ) throws(EventFormatError) -> Event {
        try checkLength(of: template.type, field: "type")
        try checkLength(of: template.sender.string, field: "sender")
        if let stateKey = template.stateKey { try checkLength(of: stateKey, field: "state_key") }
        if let roomID = template.roomID { try checkLength(of: roomID.string, field: "room_id") }

        let place = EventDraft.Place(prevEvents: prevEvents, authEvents: authEvents, depth: depth, originServerTS: originServerTS)
        let draft: EventDraft
        do throws(JSONError) {
            draft = try EventDraft(template, at: place, version: version, serverName: serverName)
        } catch {
            throw .json(error)
        }
        let hashes = draft.hashesMember()
        let signedBytes = draft.signedBytes(hashes: hashes)
        let signatures = draft.signaturesMember(signedBytes, serverName: serverName, signingKey: signingKey)
        let (bytes, ranges) = draft.finish(hashes: hashes, signatures: signatures)
        guard bytes.count <= EventLimits.sizeMaxBytes else { throw .tooLarge(sizeBytes: bytes.count) }

        let id = draft.eventID(signedBytes: signedBytes)
        return Event(
            bytes: bytes, ranges: ranges, id: id, roomID: template.roomID ?? RoomID(createEvent: id), type: template.type,
            stateKey: template.stateKey, sender: template.sender, redacts: template.target(version: version), depth: depth,
            originServerTS: originServerTS, stickiness: template.stickiness)
    }

    private static func checkLength(of value: String, field: String) throws(EventFormatError) {
        guard value.utf8.count <= EventLimits.fieldMaxBytes else { throw .fieldTooLong(field: field) }
    }
}

extension EventTemplate {
    /// The event that the event will redact: named apart, or by the content where the room version has it there.
    fileprivate func target(version: RoomVersion) -> EventID? {
        guard type == EventType.roomRedaction else { return nil }
        return redacts ?? (version.eventFormat.redactsInContent ? content["redacts"]?.stringValue.flatMap(EventID.init) : nil)
    }
}
