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

    /// The type of account data that says how far a room is read in full.
    static let fullyReadType = "m.fully_read"

    /// - Parameter rate: how often a user sets them; nil sets no limit.
    init(rooms: Rooms, presence: Presence, rate: RateLimits.Rate? = nil) {
        limit = rate.map { RateLimit($0, clock: rooms.environment.clock) }
        self.rooms = rooms
        self.presence = presence
    }

    /// Sets markers of the requester's in a room. They only go forward: one that names an event before the one where it stands changes nothing.
    ///
    /// - Throws: `M_FORBIDDEN` when the user is not in the room, `M_NOT_FOUND` for an event that is not in it, `M_INVALID_PARAM` for an event that
    ///   has nothing to do with the thread, `M_LIMIT_EXCEEDED`.
    package func set(_ markers: ReadMarkers, in roomID: RoomID, by requester: Requester) async throws {
        let room = try rooms.room(roomID)
        let view = rooms.database.view()
        guard try view.isJoined(requester.userID, to: room.shortID) else { throw Rooms.notInRoom }
        try limit?.use(by: requester.userID)
        let orders = try markers.events.map { try Self.order(of: $0.event, in: room, markers.thread, view) }
        await presence.noteActivity(of: requester)
        var receipts: [(kind: ReadReceipt.Kind, event: EventID, order: Int64)] = []
        for ((marker, event), order) in zip(markers.events, orders) {
            if let kind = marker.receipt { receipts.append((kind, event, order)) }
        }
        if !receipts.isEmpty {
            try await rooms.commit { [receipts] commit in
                for (kind, event, order) in receipts {
                    let receipt = ReadReceipt(event: event, order: order, thread: markers.thread, time: commit.commit.time)
                    try commit.setReceipt(receipt, kind, of: requester.userID, in: room.shortID)
                }
            }
        }
        for ((marker, event), order) in zip(markers.events, orders) where marker == .fullyRead {
            try await setFullyRead(event, order, in: room, of: requester.userID)
        }
    }

    /// The place of an event that a receipt may name.
    private static func order(of id: EventID, in room: Room, _ thread: ThreadID?, _ view: RoomsView) throws -> Int64 {
        guard let (pduID, event) = try view.timelineEvent(id), pduID.room == room.shortID else {
            throw MatrixError(.notFound, "There is no event \(id) in this room")
        }
        if let thread, try !view.isReceiptTarget(event, ofThread: thread, in: room.shortID) {
            throw MatrixError(.invalidParameter, "\(id) is not related to the thread \(thread.string)")
        }
        return pduID.order
    }

    private func setFullyRead(_ event: EventID, _ order: Int64, in room: Room, of user: UserID) async throws {
        let content: JSONObject = ["event_id": .string(event.string)]
        let new = content.encoded()
        let snapshot = rooms.database.snapshot()
        try await rooms.accounts.database.commit { commit in
            try commit.changeAccountData(of: user, in: room.id, type: Self.fullyReadType) { old in
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
