import MatrixProtocol
import Store
import StoredIdentifiers

/// Redactions.
extension RoomsCommit {
    /// Applies a redaction that has found its place to the event that it names: what is stored of that is rewritten. Nothing happens when
    /// the redaction's sender may not redact it (room version 3, "Handling redactions"). One whose target isn't in the timeline waits for it.
    func applyRedaction(_ redaction: AppendedEvent, in room: Room) throws {
        guard let id = redaction.event.redacts else { return }
        guard let (pduID, target) = try view.timelineEvent(id) else {
            return commit.put(RoomsMaps.waitingRedactions, FixedKey(try makeShortEventID(id), redaction.shortID), Empty())
        }
        guard pduID.room == room.shortID, target.redaction == .none else { return }
        let event = try Event(target, in: room)
        let stateBefore = try view.state(before: redaction.shortID)
        let levels = PowerLevels(try stateEvent(.powerLevels, in: stateBefore, of: room), create: room.create, version: room.version)
        guard Redaction.applies(redaction.event, to: event, powerLevels: levels, version: room.version) else { return }
        authEvents.forget(target.shortID)
        try unrelate(event, target.shortID, at: pduID.order, in: room)
        try removeRelationship(of: event, target.shortID)
        unindex(event, at: pduID)
        let redacted = try event.redacted(version: room.version)
        commit.put(
            RoomsMaps.pduIDToEvent, pduID,
            StoredEvent(
                id: id, shortID: target.shortID, replaced: target.replaced, redaction: redaction.shortID, json: redacted.bytes))
    }

    /// Applies the redactions that have come before their target.
    func applyWaitingRedactions(to target: AppendedEvent, in room: Room) throws {
        var waiting = try view.reader.domain(RoomsMaps.waitingRedactions, .fixed(target.shortID))
        for (key, _) in try waiting.collect() {
            let redaction = key.parts.1
            guard let pduID = try commit.get(RoomsMaps.shortEventIDToPDUID, redaction), pduID.room == room.shortID else { continue }
            commit.delete(RoomsMaps.waitingRedactions, key)
            guard let stored = try view.event(redaction) else { continue }
            try applyRedaction(AppendedEvent(event: try Event(stored, in: room), pduID: pduID, shortID: redaction), in: room)
        }
    }
}
