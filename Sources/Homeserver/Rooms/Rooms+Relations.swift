import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Which of a room's threads are wanted (`include` of `GET /rooms/{roomId}/threads`).
package enum ThreadSelection: String, Sendable {
    case all
    case participated
}

extension Rooms {
    /// How far relations of relations are followed.
    private static let recursionDepthMax = 3
    /// The most events that one answer about relations looks at.
    private static let relationsScannedMax = 10_000

    /// What relates to an event, as the endpoint's answer.
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event, or the user may not see it.
    package func relations(
        of eventID: EventID, in roomID: RoomID, _ request: RelationsRequest, for requester: Requester
    ) throws -> [UInt8] {
        let found = try visibleEvent(eventID, in: roomID, for: requester)
        let page = try page(relatedTo: found, request)
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("chunk")
        writer.beginArray()
        try clientEvents(found.readable.view, for: requester, bundlesAggregations: true, memberships: page.memberships, sight: page.sight)
            .write(page.events.map(\.event), roomID: roomID, to: &writer)
        writer.endArray()
        if page.hasMore, let end = page.events.last {
            writer.key("next_batch")
            writer.string(PaginationToken(order: request.isBackward ? end.order - 1 : end.order).description)
        }
        if let from = request.from {
            writer.key("prev_batch")
            writer.string(from.description)
        }
        if request.recurses {
            writer.key("recursion_depth")
            writer.integer(Int64(page.depth))
        }
        writer.endObject()
        return writer.bytes
    }

    /// A part of what relates to an event.
    private struct RelatedPage {
        var events: [(order: Int64, event: StoredEvent)] = []
        /// The reader's membership at each of them.
        var memberships: [ShortEventID: Membership] = [:]
        /// By what the reader sees them.
        var sight: HistorySight
        /// How far relations of relations were followed.
        var depth = 1
        var hasMore = false
    }

    private func page(relatedTo found: VisibleEvent, _ request: RelationsRequest) throws -> RelatedPage {
        let view = found.readable.view
        let newest = found.readable.newestOrder ?? .max
        let oldest = (request.isBackward ? request.to : request.from).map { $0.order + 1 } ?? .min
        let last = min(newest, (request.isBackward ? request.from : request.to)?.order ?? .max)
        var page = RelatedPage(sight: found.sight)
        guard oldest <= last else { return page }
        var related = try relatedEvents(to: found.event.shortID, oldest...last, request, in: view)
        if request.recurses {
            let all = try descendants(of: related, in: view)
            page.depth = all.depth
            related = all.events.filter { (oldest...last).contains($0.order) && request.wants($0) }
            related.sort { request.isBackward ? $0.order > $1.order : $0.order < $1.order }
        }
        // One more than wanted shows whether there is another page.
        for candidate in related where page.events.count <= request.limit {
            let pduID = PDUID(room: found.readable.room.shortID, order: candidate.order)
            guard let stored = try view.event(candidate.shortID), let event = try page.sight.see(stored, at: pduID) else { continue }
            page.events.append((candidate.order, event))
            page.memberships[event.shortID] = try page.sight.membership(at: event, pduID)
        }
        page.hasMore = page.events.count > request.limit
        if page.hasMore { page.events.removeLast(page.events.count - request.limit) }
        return page
    }

    /// What relates to the event itself. With recursion all of it is needed, since what is wanted can lie behind anything.
    private func relatedEvents(
        to event: ShortEventID, _ orders: ClosedRange<Int64>, _ request: RelationsRequest, in view: RoomsView
    ) throws -> [RelatedEvent] {
        try view.relatedEvents(
            to: event, request.recurses ? .min ... .max : orders, request.isBackward ? .backward : .forward,
            limit: Self.relationsScannedMax
        ) { request.recurses || request.wants($0) }
    }

    /// The events and what relates to them, and so on, and how deep that went.
    private func descendants(of events: [RelatedEvent], in view: RoomsView) throws -> (events: [RelatedEvent], depth: Int) {
        var all = events
        var known = Set(events.map(\.shortID))
        var generation = events
        var depth = 1
        while depth < Self.recursionDepthMax, !generation.isEmpty, all.count < Self.relationsScannedMax {
            generation = try generation.flatMap {
                try view.relatedEvents(to: $0.shortID, .min ... .max, .forward, limit: Self.relationsScannedMax - all.count) { _ in true }
            }.filter { known.insert($0.shortID).inserted }
            all += generation
            depth += 1
        }
        return (all, depth)
    }

    /// The roots of a room's threads, those first in which something was said last (`GET /rooms/{roomId}/threads`), as the endpoint's answer.
    package func threads(
        of roomID: RoomID, _ selection: ThreadSelection, from: PaginationToken?, limit: Int, for requester: Requester
    ) throws -> [UInt8] {
        let readable = try readableRoom(roomID, for: requester)
        let view = readable.view
        var sight = try sight(of: readable.room.shortID, by: requester, in: view)
        var threads = try view.threads(of: readable.room.shortID, .min...(from?.order ?? .max))
        var roots: [StoredEvent] = []
        var memberships: [ShortEventID: Membership] = [:]
        var next: PaginationToken?
        var scanned = 0
        while let (key, rootID) = try threads.next() {
            guard roots.count < limit, scanned < Self.relationsScannedMax else {
                next = PaginationToken(order: key.parts.1)
                break
            }
            scanned += 1
            guard let (pduID, stored) = try view.timelineEvent(rootID), let root = try sight.see(stored, at: pduID),
                try readable.newestOrder.map({ try view.isThread(rootID, upTo: $0) }) ?? true
            else { continue }
            if selection == .participated {
                let isOwn = try root.sender() == requester.userID
                guard try isOwn || view.hasReplied(requester.userID, inThread: rootID) else { continue }
            }
            roots.append(root)
            memberships[root.shortID] = try sight.membership(at: root, pduID)
        }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("chunk")
        writer.beginArray()
        try clientEvents(view, for: requester, bundlesAggregations: true, memberships: memberships, sight: sight)
            .write(roots, roomID: roomID, to: &writer)
        writer.endArray()
        if let next {
            writer.key("next_batch")
            writer.string(next.description)
        }
        writer.endObject()
        return writer.bytes
    }
}

extension RoomsView {
    /// Whether something was said in a thread before a place in the timeline.
    fileprivate func isThread(_ root: ShortEventID, upTo order: Int64) throws -> Bool {
        try !relatedEvents(to: root, .min...order, .forward, limit: 1) { $0.relationType == Relation.thread }.isEmpty
    }
}
