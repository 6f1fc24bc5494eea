import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What users have read ("Receipts", "Read and unread markers").
package final class Receipts: Sendable {
    private let rooms: Rooms
    private let presence: Presence
    private let limit: RateLimit<UserID>?

    /// - Parameter rate: how often a user sets them; nil sets no limit.
    init(rooms: Rooms, presence: Presence, rate: RateLimits.Rate? = nil) {
        limit = rate.map { RateLimit($0, clock: rooms.environment.clock) }
        self.rooms = rooms
        self.presence = presence
    }

    /// Sets markers of the requester's in a room. They only go forward: one that names an event before the one where it stands changes nothing, and
    /// neither does a receipt for an event that isn't there, which may have been purged.
    ///
    /// - Throws: `M_FORBIDDEN` when the user is not in the room, or can't see the event of a receipt; `M_NOT_FOUND` for `m.fully_read` of an event
    ///   that is not in the room; `M_INVALID_PARAM` for an event that has nothing to do with the thread; `M_LIMIT_EXCEEDED`.
    package func set(_ markers: ReadMarkers, in roomID: RoomID, by requester: Requester) async throws {
        let room = try rooms.room(roomID)
        let view = rooms.database.view()
        guard try view.isJoined(requester.userID, to: room.shortID) else { throw Rooms.notInRoom }
        try limit?.use(by: requester.userID)
        var sight: HistorySight?
        var receipts: [(kind: ReadReceipt.Kind, event: EventID, order: Int64)] = []
        var fullyRead: (event: EventID, order: Int64)?
        for (marker, id) in markers.events {
            guard let (pduID, event) = try view.timelineEvent(id), pduID.room == room.shortID else {
                if marker == .fullyRead { throw MatrixError(.notFound, "There is no event \(id) in this room") }
                continue
            }
            guard let kind = marker.receipt else {
                fullyRead = (id, pduID.order)
                continue
            }
            if let thread = markers.thread, try !view.isReceiptTarget(event, ofThread: thread, in: room.shortID) {
                throw MatrixError(.invalidParameter, "\(id) is not related to the thread \(thread.string)")
            }
            var seeing = try sight ?? HistorySight(of: room.shortID, by: requester.userID, in: view)
            guard try seeing.canSee(event, at: pduID) else { throw MatrixError(.forbidden, "You can't see the event \(id)") }
            sight = seeing
            receipts.append((kind, id, pduID.order))
        }
        await presence.noteActivity(of: requester)
        if !receipts.isEmpty {
            try await rooms.commit { [receipts] commit in
                for (kind, event, order) in receipts {
                    let receipt = ReadReceipt(event: event, order: order, thread: markers.thread, time: commit.time)
                    try commit.setReceipt(receipt, kind, of: requester.userID, in: room.shortID)
                }
            }
        }
        if let (event, order) = fullyRead { try await setFullyRead(event, order, in: room, of: requester.userID) }
    }

    private func setFullyRead(_ event: EventID, _ order: Int64, in room: Room, of user: UserID) async throws {
        let content: JSONObject = ["event_id": .string(event.string)]
        let new = content.encoded()
        let snapshot = rooms.database.snapshot()
        try await rooms.accounts.database.commit { commit in
            try commit.changeAccountData(of: user, in: room.id, type: AccountDataType.fullyRead) { old in
                let standing = try old.flatMap { try JSONFields(scanning: $0).string("event_id") }.map(EventID.init(trusted:))
                if let standing, let (pduID, _) = try RoomsView(snapshot).timelineEvent(standing), pduID.room == room.shortID,
                    pduID.order >= order
                {
                    return nil
                }
                return new
            }
        }
    }
}
