import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// Opens a room for reading.
    func readableRoom(_ id: RoomID, for requester: Requester, in view: RoomsView? = nil) throws -> ReadableRoom {
        try ReadableRoom(try room(id), for: requester.userID, in: view ?? database.view())
    }

    /// The room's state events (`GET /rooms/{roomId}/state`), as a JSON array.
    package func state(of roomID: RoomID, for requester: Requester) throws -> AnswerInPieces {
        let readable = try readableRoom(roomID, for: requester)
        let events = try readable.view.entries(of: readable.state).map(\.event)
        return AnswerInPieces(of: events.count) {
            $0.beginArray()
        } end: {
            $0.endArray()
        } items: { items, writer in
            let view = self.database.view()
            try self.clientEvents(view, for: requester).write(view.events(Array(events[items])), roomID: roomID, to: &writer)
        }
    }

    /// How a single state event is wanted.
    package enum StateFormat: String, Sendable, CaseIterable {
        case content
        case event
    }

    /// One state event (`GET /rooms/{roomId}/state/{eventType}/{stateKey}`): its content, or all of it.
    ///
    /// - Throws: `M_NOT_FOUND` when the room has no such state.
    package func state(_ key: StateKey, of roomID: RoomID, as format: StateFormat, for requester: Requester) throws -> [UInt8] {
        let readable = try readableRoom(roomID, for: requester)
        guard let event = try readable.event(key) else { throw MatrixError(.notFound, "The room has no state \(key)") }
        switch format {
        case .content: return Array(try JSONFields(scanning: event.json).slice("content") ?? [])
        case .event:
            var writer = JSONWriter(capacity: event.json.count)
            try clientEvents(readable.view, for: requester).write(event, roomID: roomID, to: &writer)
            return writer.bytes
        }
    }

    /// The room's member events (`GET /rooms/{roomId}/members`), as the endpoint's answer.
    ///
    /// - Parameters:
    ///   - position: the moment for which they are wanted; nil for now.
    ///   - membership: a membership that is wanted.
    ///   - notMembership: all memberships but this one are wanted. With both, what fits either of them is.
    /// - Throws: `M_FORBIDDEN` also when the user may not see what was the room's newest event at that moment.
    package func members(
        of roomID: RoomID, at position: Position?, membership: Membership?, notMembership: Membership?, for requester: Requester
    ) throws -> AnswerInPieces {
        let readable = try readableRoom(roomID, for: requester)
        let state = try position.map { try memberState(of: readable, at: $0, for: requester) } ?? readable.state
        let members = try readable.view.entries(of: state, .members).map(\.event)
        return AnswerInPieces(of: members.count) { writer in
            writer.beginObject()
            writer.key("chunk")
            writer.beginArray()
        } end: { writer in
            writer.endArray()
            writer.endObject()
        } items: { items, writer in
            let view = self.database.view()
            let events = try view.events(Array(members[items])).filter { event in
                if membership == nil && notMembership == nil { return true }
                let found = try event.membership()
                return (membership != nil && found == membership) || (notMembership != nil && found != notMembership)
            }
            try self.clientEvents(view, for: requester).write(events, roomID: roomID, to: &writer)
        }
    }

    /// The state at a position; before the room's start, that after its creator's join.
    private func memberState(of readable: ReadableRoom, at position: Position, for requester: Requester) throws -> ShortStateHash {
        let newest = min(PDUID.order(of: position), readable.newestOrder ?? .max)
        let room = readable.room.shortID
        var timeline = try readable.view.timeline(of: room, Int64.min...newest, .backward)
        if let (pduID, event) = try timeline.next() {
            // Whom the user ignores doesn't matter to who the members are.
            var sight = try HistorySight(of: room, by: requester.userID, in: readable.view)
            guard try sight.canSee(event, at: pduID) else {
                throw MatrixError(.forbidden, "You may not see who was in the room then")
            }
            return try readable.view.state(of: room, at: pduID.position)
        }
        let creator = StateKey.member(readable.room.create.sender)
        return try readable.view.firstState(of: room, with: creator) ?? readable.state
    }

    /// The joined members with their profiles (`GET /rooms/{roomId}/joined_members`), as the endpoint's answer.
    package func joinedMembers(of roomID: RoomID, for requester: Requester) throws -> AnswerInPieces {
        let room = try room(roomID)
        let view = database.view()
        guard try view.isJoined(requester.userID, to: room.shortID) else { throw Self.notInRoom }
        let members = try view.joinedMembers(of: room.shortID)
        return AnswerInPieces(of: members.count) { writer in
            writer.beginObject()
            writer.key("joined")
            writer.beginObject()
        } end: { writer in
            writer.endObject()
            writer.endObject()
        } items: { items, writer in
            let members = members[items]
            let events = try self.database.view().currentEvents(members.map { .member($0) }, in: room.shortID)
            for (member, event) in zip(members, events) { try Self.write(member, event, to: &writer) }
        }
    }

    /// Writes a joined member with the profile that the member event shows.
    private static func write(_ member: UserID, _ event: StoredEvent?, to writer: inout JSONWriter) throws {
        let content = try event.flatMap { try JSONFields(scanning: $0.json).slice("content") }.map { try JSONFields(scanning: $0) }
        writer.key(member.string)
        writer.beginObject()
        for (name, field) in [("avatar_url", ProfileField.avatarURL), ("display_name", ProfileField.displayName)] {
            writer.key(name)
            if let value = content?.slice(field), value.first == UInt8(ascii: "\"") { writer.raw(value) } else { writer.null() }
        }
        writer.endObject()
    }
}
