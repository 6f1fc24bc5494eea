import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What there is, before the stream of events goes on from there.
extension EventStream {
    /// So many rooms make a piece of an initial sync.
    private static let roomsPerPiece = 8

    /// Everything that the user has to do with (`GET /initialSync`), as the endpoint's answer. Receipts are told of all rooms together, as in
    /// Synapse.
    ///
    /// - Parameters:
    ///   - limit: the most messages of each room.
    ///   - includesLeft: whether rooms that the user has left are wanted too.
    package func initialSync(limit: Int, includesLeft: Bool, for requester: Requester) throws -> AnswerInPieces {
        let capture = capture()
        let (view, accounts) = (RoomsView(capture.rooms), AccountsView(capture.accounts))
        let user = requester.userID
        let hiddenInvites = try HiddenInvites(of: user, in: accounts)
        let shortIDs =
            try view.joinedRooms(of: user).map(\.room)
            + view.invitedRooms(of: user).filter { try !hiddenInvites.contains($0.invite) }.map(\.room)
            + (includesLeft ? view.leftRooms(of: user).filter { !$0.left.isForgotten }.map(\.room) : [])
        let rooms = try shortIDs.map { try view.roomID(of: $0) }
        let presences = try presences(capture, for: requester)
        let accountData = try accounts.globalAccountData(of: user, unreadCounts.pushRules)
        let position = capture.rooms.position
        // First the rooms, then their receipts.
        return AnswerInPieces(of: rooms.count * 2, perPiece: Self.roomsPerPiece) { writer in
            writer.beginObject()
            writer.key("end")
            writer.string(capture.token.description)
            writer.key("presence")
            writer.array(presences)
            writer.key("account_data")
            writer.accountDataEvents(accountData)
            writer.key("rooms")
            writer.beginArray()
        } end: { writer in
            if rooms.isEmpty { Self.beginReceipts(&writer) }
            writer.endArray()
            writer.endObject()
        } items: { items, writer in
            let capture = self.capture()
            for item in items {
                if item == rooms.count { Self.beginReceipts(&writer) }
                if item < rooms.count {
                    try self.write(rooms[item], capture, upTo: position, limit: limit, for: requester, to: &writer)
                } else {
                    for receipts in try self.receipts(of: rooms[item - rooms.count], capture, for: requester) { writer.raw(receipts) }
                }
            }
        }
    }

    /// Ends the rooms of an initial sync.
    private static func beginReceipts(_ writer: inout JSONWriter) {
        writer.endArray()
        writer.key("receipts")
        writer.beginArray()
    }

    /// A room that the user is or was in, or that everybody may look into (`GET /rooms/{roomId}/initialSync`), as the endpoint's answer.
    ///
    /// - Throws: `M_FORBIDDEN` for who may not read the room.
    package func initialSync(of room: RoomID, limit: Int, for requester: Requester) throws -> [UInt8] {
        let capture = capture()
        let readable = try rooms.readableRoom(room, for: requester, in: RoomsView(capture.rooms))
        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        try write(readable, capture, limit: limit, for: requester, to: &writer)
        writer.key("presence")
        let isJoined = try readable.view.isJoined(requester.userID, to: readable.room.shortID)
        writer.array(isJoined ? try presences(in: readable.room.shortID, capture, for: requester) : [])
        writer.key("receipts")
        writer.array(try receipts(of: room, capture, for: requester))
        writer.endObject()
        return writer.bytes
    }

    /// An event of any room that the user may see (`GET /events/{eventId}`).
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event, or the user may not see it.
    package func event(_ id: EventID, for requester: Requester) throws -> [UInt8] {
        let view = rooms.database.view()
        guard let (pduID, _) = try view.timelineEvent(id) else {
            throw MatrixError(.notFound, "There is no event \(id) that you can see")
        }
        return try rooms.event(id, in: view.roomID(of: pduID.room), for: requester)
    }

    // MARK: - Presence and receipts

    /// Who is there of those who share a room with the requester.
    ///
    /// - Parameter room: the room that is meant; nil for all.
    private func presences(in room: ShortRoomID? = nil, _ capture: Capture, for requester: Requester) throws -> [[UInt8]] {
        try PresenceDelta(
            syncCapture(SyncRequest(), capture, for: requester), nil, in: room, newlyShared: [],
            AccountsView(capture.accounts).ignoredUsers(of: requester.userID), presence, namesUsers: true
        ).events
    }

    /// The receipts of a room that the user is in, as one event or none.
    private func receipts(of id: RoomID, _ capture: Capture, for requester: Requester) throws -> [[UInt8]] {
        let view = RoomsView(capture.rooms)
        guard let room = try view.shortID(of: id), try view.isJoined(requester.userID, to: room) else { return [] }
        let ignored = try AccountsView(capture.accounts).ignoredUsers(of: requester.userID)
        let receipts = try ReceiptEvent(in: room, for: requester.userID, since: nil, ignoring: ignored, view)
        return receipts.isEmpty ? [] : [try Self.naming(id, in: receipts.json)]
    }

    // MARK: - Rooms

    /// Writes a room as an element of an array, as it was at a position.
    private func write(
        _ id: RoomID, _ capture: Capture, upTo position: Position, limit: Int, for requester: Requester, to writer: inout JSONWriter
    ) throws {
        writer.beginObject()
        do {
            let readable = try rooms.readableRoom(id, for: requester, in: RoomsView(capture.rooms)).bounded(by: position)
            try write(readable, capture, limit: limit, for: requester, to: &writer)
        } catch let error as MatrixError where error == Rooms.notInRoom {
            try writeMembership(of: id, RoomsView(capture.rooms), for: requester, to: &writer)
        }
        writer.endObject()
    }

    /// Writes what a room is to the user: its ID, the membership, and the event by which the user is invited.
    private func writeMembership(of id: RoomID, _ view: RoomsView, for requester: Requester, to writer: inout JSONWriter) throws {
        writer.key("room_id")
        writer.string(id.string)
        guard let room = try view.shortID(of: id), let event = try view.currentEvent(.member(requester.userID), in: room),
            let membership = try event.membership()
        else { return }
        writer.key("membership")
        writer.string(membership.rawValue)
        if membership == .invite {
            writer.key("invite")
            try rooms.clientEvents(view, for: requester).write(event, roomID: id, to: &writer)
        }
    }

    /// Writes all that the user may read of a room.
    private func write(
        _ readable: ReadableRoom, _ capture: Capture, limit: Int, for requester: Requester, to writer: inout JSONWriter
    ) throws {
        let view = readable.view
        let id = readable.room.id
        let clientEvents = try rooms.clientEvents(view, for: requester)
        try writeMembership(of: id, view, for: requester, to: &writer)
        writer.key("visibility")
        writer.string(try view.isPublic(readable.room.shortID) ? "public" : "private")

        let request = MessagesRequest(isBackward: true, limit: limit)
        let page = try limit > 0 ? rooms.page(of: readable, .min...(readable.newestOrder ?? .max), request, for: requester) : Rooms.Page()
        writer.key("messages")
        writer.beginObject()
        writer.key("chunk")
        writer.beginArray()
        try rooms.clientEvents(view, for: requester, memberships: page.memberships, sight: page.sight)
            .write(page.events.reversed(), roomID: id, to: &writer)
        writer.endArray()
        if let start = page.end {
            writer.key("start")
            writer.string(start.description)
        }
        writer.key("end")
        writer.string(readable.newestOrder.map { PaginationToken(order: $0).description } ?? capture.token.description)
        writer.endObject()

        writer.key("state")
        writer.beginArray()
        try clientEvents.write(readable.events(), roomID: id, to: &writer)
        writer.endArray()
        writer.key("account_data")
        writer.accountDataEvents(try AccountsView(capture.accounts).accountData(of: requester.userID, in: id))
    }
}

extension JSONWriter {
    /// Writes elements, which are JSON, as an array.
    fileprivate mutating func array(_ elements: [[UInt8]]) {
        beginArray()
        for element in elements { raw(element) }
        endArray()
    }
}
