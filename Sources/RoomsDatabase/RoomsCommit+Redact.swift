import MatrixProtocol
import Store
import StoredIdentifiers

/// Redactions.
extension RoomsCommit {
    /// Applies a redaction that has found its place to the event that it names: what is stored of that is rewritten, wherever it stands.
    /// Nothing happens when the redaction's sender may not redact it (room version 3, "Handling redactions"), nor to a create event,
    /// whose content says by which rules the room lives. One whose target isn't here waits for it.
    func applyRedaction(_ redaction: Event, _ shortID: ShortEventID, in room: Room) throws {
        guard let id = redaction.redacts else { return }
        let targetID = try makeShortEventID(id)
        guard let target = try view.event(targetID) else {
            return commit.put(RoomsMaps.waitingRedactions, FixedKey(targetID, shortID), Empty())
        }
        guard try view.isEvent(targetID, of: room.shortID), target.redaction == .none else { return }
        let event = try Event(target, in: room)
        guard event.type != EventType.roomCreate else { return }
        let stateBefore = try view.state(before: shortID)
        let levels = PowerLevels(try stateEvent(.powerLevels, in: stateBefore, of: room), create: room.create, version: room.version)
        guard Redaction.applies(redaction, to: event, powerLevels: levels, version: room.version) else { return }
        noteWriting(targetID)
        let redacted = StoredEvent(
            id: id, shortID: targetID, replaced: target.replaced, redaction: shortID,
            json: try event.redacted(version: room.version).bytes)
        guard let pduID = try commit.get(RoomsMaps.shortEventIDToPDUID, targetID) else {
            return commit.put(RoomsMaps.eventIDToOutlier, id, redacted)
        }
        try unrelate(event, targetID, at: pduID.order, in: room)
        try removeRelationship(of: event, targetID)
        unindex(event, at: pduID)
        try unstick(pduID)
        commit.put(RoomsMaps.pduIDToEvent, pduID, redacted)
    }

    /// Applies the redactions that have come before their target.
    func applyWaitingRedactions(to target: ShortEventID, in room: Room) throws {
        var waiting = try view.reader.domain(RoomsMaps.waitingRedactions, .fixed(target))
        for (key, _) in try waiting.collect() {
            let redaction = key.parts.1
            guard let pduID = try commit.get(RoomsMaps.shortEventIDToPDUID, redaction), pduID.room == room.shortID else { continue }
            commit.delete(RoomsMaps.waitingRedactions, key)
            guard let stored = try view.event(redaction) else { continue }
            try applyRedaction(Event(stored, in: room), redaction, in: room)
        }
    }
}
