import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// The most events that one answer looks at, wanted or not.
    private static let messagesScannedMax = 2000

    /// A page of a room's history, as the endpoint's answer.
    package func messages(of roomID: RoomID, _ request: MessagesRequest, for requester: Requester) throws -> [UInt8] {
        let readable = try readableRoom(roomID, for: requester)
        let newest = min(readable.newestOrder ?? .max, request.isBackward ? request.from?.order ?? .max : request.to?.order ?? .max)
        let oldest = (request.isBackward ? request.to : request.from).map { $0.order + 1 } ?? .min
        var page = Page()
        if request.filter.wants(roomID), request.limit > 0, oldest <= newest {
            page = try self.page(of: readable, oldest...newest, request, for: requester)
        }

        let start = try request.from ?? (request.isBackward ? end(of: readable) : start(of: readable))
        // Who wants no events yet goes on from here.
        if request.limit == 0 { page.end = start }
        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("start")
        writer.string(request.fromText ?? start.description)
        if let end = page.end {
            writer.key("end")
            writer.string(end.description)
        }
        var clientEvents = try clientEvents(
            readable.view, for: requester, bundlesAggregations: true, memberships: page.memberships, sight: page.sight)
        writer.key("chunk")
        writer.beginArray()
        try clientEvents.write(page.events, roomID: roomID, to: &writer)
        writer.endArray()
        if request.filter.lazyLoadsMembers, !page.events.isEmpty {
            clientEvents.sight = nil
            writer.key("state")
            writer.beginArray()
            try clientEvents.write(memberEvents(of: page.events, in: readable.state, readable.view), roomID: roomID, to: &writer)
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }

    /// A part of a room's history.
    struct Page {
        var events: [StoredEvent] = []
        /// The reader's membership at each of them.
        var memberships: [ShortEventID: Membership] = [:]
        /// By what the reader sees them.
        var sight: HistorySight?
        /// The order of the last event that was looked at.
        var lastOrder: Int64?
        /// Where the next page begins; nil when there is none: at the room's start, or when there is nothing new.
        var end: PaginationToken?
    }

    /// Reads a page of what the user may see and wants.
    func page(
        of readable: ReadableRoom, _ orders: ClosedRange<Int64>, _ request: MessagesRequest, for requester: Requester
    ) throws -> Page {
        var sight = try sight(of: readable.room.shortID, by: requester, in: readable.view)
        var timeline = try readable.view.timeline(of: readable.room.shortID, orders, request.isBackward ? .backward : .forward)
        var page = Page()
        var scanned = 0
        while let (pduID, event) = try timeline.next() {
            scanned += 1
            page.lastOrder = pduID.order
            if try request.filter.wants(event, in: readable.view), let event = try sight.see(event, at: pduID) {
                page.events.append(event)
                page.memberships[event.shortID] = try sight.membership(at: event, pduID)
            }
            // Going forward there can always be more, later; so whoever follows a room has a place from which to go on.
            if !request.isBackward { page.end = PaginationToken(order: pduID.order) }
            if page.events.count == request.limit || scanned == Self.messagesScannedMax {
                if try request.isBackward && timeline.next() != nil { page.end = PaginationToken(order: pduID.order - 1) }
                break
            }
        }
        page.sight = sight
        return page
    }

    /// The token before the room's oldest event.
    private func start(of readable: ReadableRoom) throws -> PaginationToken {
        PaginationToken(order: (try readable.view.oldestOrder(of: readable.room.shortID) ?? 1) - 1)
    }

    /// The token of the newest event that the user may see.
    private func end(of readable: ReadableRoom) throws -> PaginationToken {
        let newest = try readable.newestOrder ?? readable.view.newestOrder(of: readable.room.shortID) ?? 0
        return PaginationToken(order: newest)
    }

    /// The member events of the events' senders in a state.
    func memberEvents(of events: [StoredEvent], in state: ShortStateHash, _ view: RoomsView) throws -> [StoredEvent] {
        let senders = Set(try events.compactMap { try $0.sender() })
        let members = try senders.sorted().compactMap { try view.event(of: .member($0), in: state) }
        return try view.events(members)
    }
}
