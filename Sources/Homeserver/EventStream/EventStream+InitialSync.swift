import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What there is, before the stream of events goes on from there.
extension EventStream {
    /// Everything that the user has to do with (`GET /initialSync`), as the endpoint's answer.
    ///
    /// - Parameters:
    ///   - limit: the most messages of each room.
    ///   - includesLeft: whether rooms that the user has left are wanted too.
    package func initialSync(limit: Int, includesLeft: Bool, for requester: Requester) throws -> [UInt8] {
        let capture = capture()
        let view = RoomsView(capture.rooms)
        let user = requester.userID
        let hiddenInvites = try HiddenInvites(of: user, in: AccountsView(capture.accounts))
        let rooms =
            try view.joinedRooms(of: user).map(\.room)
            + view.invitedRooms(of: user).filter { try !hiddenInvites.contains($0.invite) }.map(\.room)
            + (includesLeft ? view.leftRooms(of: user).filter { !$0.left.isForgotten }.map(\.room) : [])
        var writer = JSONWriter(capacity: 64 << 10)
        writer.beginObject()
        writer.key("end")
        writer.string(capture.token.description)
        writer.key("presence")
        writer.value([])
        writer.key("account_data")
        writer.accountDataEvents(try AccountsView(capture.accounts).globalAccountData(of: user))
        writer.key("rooms")
        writer.beginArray()
        for room in rooms { try write(view.roomID(of: room), capture, limit: limit, for: requester, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
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

    /// Writes a room as an element of an array.
    private func write(
        _ id: RoomID, _ capture: Capture, limit: Int, for requester: Requester, to writer: inout JSONWriter
    ) throws {
        writer.beginObject()
        do {
            try write(
                rooms.readableRoom(id, for: requester, in: RoomsView(capture.rooms)), capture, limit: limit, for: requester, to: &writer)
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
            let content = try JSONFields(scanning: event.json).slice("content"),
            let membership = Membership(try JSONValue(parsing: content).objectValue ?? [:])
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
        try clientEvents.write(page.events.reversed(), roomID: id, to: &writer)
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
