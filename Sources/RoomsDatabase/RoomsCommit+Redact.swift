import MatrixProtocol
import Store

/// Redactions.
extension RoomsCommit {
    /// Applies a redaction that has found its place to the event that it names: what is stored of that is rewritten. Nothing happens
    /// when the event isn't here, or when the redaction's sender may not redact it (room version 3, "Handling redactions").
    func applyRedaction(_ redaction: AppendedEvent, in room: Room) throws {
        guard let id = redaction.event.redacts, let (pduID, target) = try view.timelineEvent(id), pduID.room == room.shortID,
            target.redaction == .none
        else { return }
        let event = try Event(trusted: target.json, id: id, roomID: room.id, version: room.version)
        guard try Redaction.applies(redaction.event, to: event, powerLevels: powerLevels(in: room), version: room.version) else { return }
        authEvents.forget(target.shortID)
        try unrelate(event, target.shortID, at: pduID.order, in: room)
        unindex(event, at: pduID)
        let redacted = try event.redacted(version: room.version)
        commit.put(
            RoomsMaps.pduIDToEvent, pduID,
            StoredEvent(
                id: id, shortID: target.shortID, replaced: target.replaced, redaction: redaction.shortID, json: redacted.bytes))
    }
}
