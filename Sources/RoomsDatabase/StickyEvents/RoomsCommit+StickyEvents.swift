import MatrixProtocol
import Store
import StoredIdentifiers

/// Keeping what sticks to rooms until it expires (MSC4354).
extension RoomsCommit {
    /// With each that comes, so many go that have expired: so no more are kept than came within the longest time.
    private static let removedMax = 4

    /// Keeps an event of the timeline if it sticks.
    func stick(_ appended: AppendedEvent) throws {
        guard let stickiness = appended.event.stickiness else { return }
        let now = commit.time
        var oldest = try commit.domain(RoomsMaps.stickyEventsByExpiry, .all)
        for (key, _) in try oldest.collect(limit: Self.removedMax) where key.parts.0 <= now { remove(key) }
        let expiry = stickiness.expiry(sentAt: appended.event.originServerTS, receivedAt: now)
        guard expiry > now else { return }
        let (room, position) = (appended.pduID.room, appended.pduID.position)
        commit.put(RoomsMaps.stickyEvents, FixedKey(room, position), FixedKey(expiry, appended.shortID))
        commit.put(RoomsMaps.stickyEventsByExpiry, FixedKey(expiry, room, position), Empty())
    }

    /// Forgets that the event at that place sticks.
    func unstick(_ pduID: PDUID) throws {
        guard pduID.isLive, let (expiry, _) = try commit.get(RoomsMaps.stickyEvents, FixedKey(pduID.room, pduID.position))?.parts else {
            return
        }
        remove(FixedKey(expiry, pduID.room, pduID.position))
    }

    private func remove(_ key: FixedKey<Int64, ShortRoomID, Position>) {
        commit.delete(RoomsMaps.stickyEvents, FixedKey(key.parts.1, key.parts.2))
        commit.delete(RoomsMaps.stickyEventsByExpiry, key)
    }
}
