import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Rooms as they are seen from outside: summaries, and the rooms of a space.
extension Rooms {
    /// What somebody may know of a room without being in it (`GET /room_summary/{roomIdOrAlias}`).
    ///
    /// - Parameter requester: nil for who doesn't say.
    /// - Throws: `M_NOT_FOUND` also for a room that the asker may not know of.
    package func summary(of roomID: RoomID, for requester: Requester?) throws -> JSONObject {
        let view = database.view()
        guard let preview = try preview(of: roomID, in: view),
            try requester.map({ try preview.isKnown(to: $0.userID, in: view) }) ?? preview.isOpen
        else { throw Self.unknownRoom(roomID) }
        var summary = preview.summary
        if let user = requester?.userID, let event = try view.currentEvent(.member(user), in: preview.room) {
            summary["membership"] = try event.membership().map { .string($0.rawValue) }
        }
        return summary
    }

    /// The rooms that two users are both joined to (`GET /mutual_rooms`): a page of them by their short IDs, and how many there are in all.
    ///
    /// - Parameter from: what an answer before has given as `next`.
    /// - Throws: `M_INVALID_PARAM` when that is none.
    package func mutualRooms(
        of requester: Requester, and user: UserID, from: String?, limit: Int
    ) throws -> (rooms: [RoomID], count: Int, next: String?) {
        let view = database.view()
        let last = try from.map { text in
            guard let number = UInt64(text) else { throw MatrixError(.invalidParameter, "from is not a token of this server") }
            return ShortRoomID(number: number)
        }
        let mutual = try view.joinedRooms(of: requester.userID).map(\.room).filter { try view.isJoined(user, to: $0) }.sorted()
        let rest = mutual.filter { room in last.map { $0 < room } ?? true }
        let page = rest.prefix(limit)
        return (try page.map(view.roomID), mutual.count, page.count < rest.count ? page.last.map { String($0.number) } : nil)
    }

    // MARK: - Spaces

    /// The deepest that a space is followed.
    package static let hierarchyDepthMax = 20
    /// The most rooms of a space that are told of, on all pages together.
    private static let hierarchyRoomsMax = 5000

    /// A page of the rooms of a space, each before its children (`GET /rooms/{roomId}/hierarchy`), as the endpoint's answer.
    ///
    /// - Throws: `M_FORBIDDEN` when the user may not know of the space, `M_INVALID_PARAM` when the place is one of another request.
    package func hierarchy(of roomID: RoomID, _ request: HierarchyRequest, for requester: Requester) throws -> JSONObject {
        let view = database.view()
        if let place = request.from, place.suggestedOnly != request.suggestedOnly || place.maxDepth != request.maxDepth {
            throw MatrixError(.invalidParameter, "suggested_only and max_depth can't change from one page to the next")
        }
        guard let root = try preview(of: roomID, in: view), try root.isKnown(to: requester.userID, in: view) else {
            throw MatrixError(.forbidden, "You may not look into this room")
        }
        let skipped = request.from?.told ?? 0
        var rooms: [JSONValue] = []
        var told: Set<RoomID> = []
        var hasMore = false
        // The room to be told of next is the last one.
        var pending: [(room: RoomID, depth: Int)] = [(roomID, 0)]
        while let (id, depth) = pending.popLast(), told.count < Self.hierarchyRoomsMax {
            guard !told.contains(id), let room = try id == roomID ? root : preview(of: id, in: view),
                try room.isKnown(to: requester.userID, in: view)
            else { continue }
            guard rooms.count < request.limit else {
                hasMore = true
                break
            }
            told.insert(id)
            let children = room.roomType == Self.spaceType ? try spaceChildren(of: room.room, request, in: view) : []
            if told.count > skipped {
                var json = room.summary
                json["children_state"] = .array(try children.map { try $0.json })
                rooms.append(.object(json))
            }
            if depth < request.maxDepth { pending += children.reversed().map { ($0.room, depth + 1) } }
        }
        var answer: JSONObject = ["rooms": .array(rooms)]
        if hasMore {
            let place = HierarchyPlace(told: told.count, suggestedOnly: request.suggestedOnly, maxDepth: request.maxDepth)
            answer["next_batch"] = .string(place.text)
        }
        return answer
    }

    private static let spaceType = "m.space"

    private func preview(of roomID: RoomID, in view: RoomsView) throws -> RoomPreview? {
        guard let room = try view.shortID(of: roomID) else { return nil }
        return try RoomPreview(of: room, joinedCount: view.joinedCount(of: room), in: view)
    }

    /// A room that a space has among its children.
    private struct SpaceChild {
        let room: RoomID
        let event: StoredEvent
        /// What children are sorted by: those with a valid `order` first, by it, then by time, then by ID ("Ordering of children within a space").
        let place: (isUnordered: UInt8, order: [UInt8], originServerTS: Int64)

        /// The event as it is told of.
        var json: JSONValue {
            get throws {
                var writer = JSONWriter(capacity: event.json.count)
                try writer.strippedEvent(event.json, withTimestamp: true)
                return try JSONValue(parsing: writer.bytes)
            }
        }
    }

    /// The longest `order` that counts.
    private static let orderMaxBytes = 50

    private func spaceChildren(of space: ShortRoomID, _ request: HierarchyRequest, in view: RoomsView) throws -> [SpaceChild] {
        let entries = try view.currentEntries(of: space, .allButMembers)
        let keys = try view.stateKeys(of: entries.map(\.key))
        let isChild = keys.map { $0.type == EventType.spaceChild }
        let rooms = zip(keys, isChild).compactMap { key, isChild in isChild ? key.key : nil }
        let events = try view.events(zip(entries, isChild).compactMap { entry, isChild in isChild ? entry.event : nil })
        let children = try zip(rooms, events).compactMap { room, event -> SpaceChild? in
            let content = try event.content()
            guard let room = RoomID(room), let via = content["via"]?.arrayValue, !via.isEmpty,
                !request.suggestedOnly || content["suggested"]?.boolValue == true
            else { return nil }
            let order = content["order"]?.stringValue.map { Array($0.utf8) }.flatMap { bytes in
                bytes.count <= Self.orderMaxBytes && bytes.allSatisfy { (0x20...0x7E).contains($0) } ? bytes : nil
            }
            return SpaceChild(
                room: room, event: event, place: (order == nil ? 1 : 0, order ?? [], try event.originServerTS()))
        }
        return children.sorted { left, right in
            if left.place.isUnordered != right.place.isUnordered { return left.place.isUnordered < right.place.isUnordered }
            if left.place.order != right.place.order { return left.place.order.lexicographicallyPrecedes(right.place.order) }
            return (left.place.originServerTS, left.room) < (right.place.originServerTS, right.room)
        }
    }
}
