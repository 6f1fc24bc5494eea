import CanonicalJSON
import Crypto
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// The event, and what lies around it in the tree that `m.relationship` makes (MSC2836), as the endpoint's answer.
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event that the user can see.
    package func eventRelationships(_ request: EventRelationshipsRequest, for requester: Requester) throws -> [UInt8] {
        let view = database.view()
        guard let (pduID, _) = try view.timelineEvent(request.event) else {
            throw MatrixError(.notFound, "There is no event \(request.event) that you can see")
        }
        let roomID = try view.roomID(of: pduID.room)
        let asked = try visibleEvent(request.event, in: roomID, for: requester)
        var walk = RelationshipWalk(from: asked, request)
        try walk.run()

        var clientEvents = try clientEvents(asked.readable.view, for: requester)
        for event in walk.page {
            clientEvents.unsignedAdditions[event.shortID] = try asked.readable.view.childrenSummary(of: event.shortID)
        }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        try clientEvents.write(Array(walk.page), roomID: roomID, to: &writer)
        writer.endArray()
        writer.key("limited")
        writer.bool(walk.isLimited)
        if walk.isLimited {
            writer.key("next_batch")
            writer.string(EventRelationshipsRequest.batch(skipping: request.skipped + walk.page.count))
        }
        writer.endObject()
        return writer.bytes
    }
}

extension RoomsView {
    /// How many children an event has of each kind, and a hash of which they are.
    fileprivate func childrenSummary(of event: ShortEventID) throws -> JSONObject {
        let children = try children(of: event)
        let counts = Dictionary(children.map { ($0.type, 1 as Int64) }, uniquingKeysWith: +)
        let ids = try eventIDs(of: children.map(\.event)).sorted().map(\.string).joined()
        return [
            "children": .object(counts.reduce(into: [:]) { $0[$1.key] = .integer($1.value) }),
            "children_hash": .string(Base64.encode(Array(SHA256.hash(data: Array(ids.utf8))))),
        ]
    }
}

/// A walk through the tree around an event: each event once, and only what the reader may see.
private struct RelationshipWalk {
    private let request: EventRelationshipsRequest
    private let asked: Rooms.VisibleEvent
    private var sight: HistorySight
    private var seen: Set<ShortEventID> = []
    private var events: [StoredEvent] = []

    init(from asked: Rooms.VisibleEvent, _ request: EventRelationshipsRequest) {
        self.request = request
        self.asked = asked
        sight = asked.sight
    }

    /// So many events are wanted, those included which earlier pages have had.
    private var wantedCount: Int { request.skipped + request.limit }

    /// Whether there are more events than those of this page and the ones before.
    var isLimited: Bool { events.count > wantedCount }

    /// What is to be told.
    var page: ArraySlice<StoredEvent> { events.prefix(wantedCount).dropFirst(request.skipped) }

    /// Finds one event more than wanted, if there is one.
    mutating func run() throws {
        add(asked.event)
        if request.includesParent, let parent = try parent(of: asked.event) { add(parent) }
        if request.includesChildren { for child in try children(of: asked.event) { add(child) } }
        switch request.direction {
        case .up: try walkUp()
        case .down: try walkDown()
        }
    }

    private mutating func add(_ event: StoredEvent) {
        if seen.insert(event.shortID).inserted { events.append(event) }
    }

    private func isWithin(_ depth: Int) -> Bool {
        request.depthMax.map { depth <= $0 } ?? true
    }

    private mutating func walkUp() throws {
        var event = asked.event
        var depth = 1
        var passed: Set<ShortEventID> = [event.shortID]
        while !isLimited, isWithin(depth), let parent = try parent(of: event), passed.insert(parent.shortID).inserted {
            add(parent)
            event = parent
            depth += 1
        }
    }

    private mutating func walkDown() throws {
        var waiting = [(event: asked.event, depth: 0)]
        var passed: Set<ShortEventID> = []
        var next = 0
        while !isLimited, passed.count < EventRelationshipsRequest.visitedMax {
            // Depth first, the last one that was found is looked at next, breadth first the first one.
            guard next < waiting.count else { return }
            let (event, depth) = request.isDepthFirst ? waiting.removeLast() : waiting[next]
            if !request.isDepthFirst { next += 1 }
            guard passed.insert(event.shortID).inserted else { continue }
            add(event)
            guard isWithin(depth + 1) else { continue }
            let children = try children(of: event).prefix(request.breadthMax ?? .max).map { (event: $0, depth: depth + 1) }
            waiting += request.isDepthFirst ? children.reversed() : children
        }
    }

    /// The event that this one refers to, if it can be seen.
    private mutating func parent(of event: StoredEvent) throws -> StoredEvent? {
        let view = asked.readable.view
        guard let relationship = try event.contentMember("m.relationship")?.objectValue.flatMap({ Relationship($0) }),
            let parent = try view.shortID(of: relationship.parent)
        else { return nil }
        return try visible(parent)
    }

    /// The events that refer to this one and can be seen, in the order that is wanted.
    private mutating func children(of event: StoredEvent) throws -> [StoredEvent] {
        var children: [(time: Int64, event: StoredEvent)] = []
        for (child, _) in try asked.readable.view.children(of: event.shortID).prefix(EventRelationshipsRequest.visitedMax) {
            guard let event = try visible(child) else { continue }
            children.append((try event.originServerTS(), event))
        }

        children.sort { ($0.time, $0.event.id) < ($1.time, $1.event.id) }
        return request.isRecentFirst ? children.reversed().map(\.event) : children.map(\.event)
    }

    private mutating func visible(_ event: ShortEventID) throws -> StoredEvent? {
        guard let (pduID, stored) = try asked.readable.view.timelineEvent(event), pduID.room == asked.pduID.room,
            pduID.order <= asked.readable.newestOrder ?? .max
        else { return nil }
        return try sight.see(stored, at: pduID)
    }
}
