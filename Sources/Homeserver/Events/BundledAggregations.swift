import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What is said with events of those that relate to them, as far as the reader may see these ("Aggregations of child events").
struct BundledAggregations {
    /// What an event's `m.relations` tells.
    struct Bundle {
        /// The latest valid replacement.
        var replacement: StoredEvent?
        var thread: Thread?
        /// The events that refer to it.
        var references: [EventID] = []

        var isEmpty: Bool { replacement == nil && thread == nil && references.isEmpty }
    }

    /// A thread, at its root.
    struct Thread {
        let latest: StoredEvent
        let count: UInt64
        /// Whether the reader has sent the root or an event of the thread.
        let hasParticipated: Bool
    }

    private var bundles: [ShortEventID: Bundle] = [:]

    /// Says nothing of any event.
    static let none = BundledAggregations()

    private init() {}

    /// What is to be said with the events, all of one room. State events get nothing, and what replaces a redacted event isn't told.
    init(with events: [StoredEvent], for user: UserID, ignoring ignored: IgnoredUsers, in view: RoomsView) throws {
        var sight: RelationsSight?
        try self.init(with: events, for: user, ignoring: ignored, in: view, &sight)
        let latest = bundles.values.compactMap { $0.thread?.latest }
        if latest.isEmpty { return }
        // Events of a thread can be replaced, and are no roots themselves: it ends here.
        let inThreads = try BundledAggregations(with: latest, for: user, ignoring: ignored, in: view, &sight)
        bundles.merge(inThreads.bundles) { known, _ in known }
    }

    /// - Parameter sight: what the user sees of the events' room, which isn't looked up unless there is something to say.
    private init(
        with events: [StoredEvent], for user: UserID, ignoring ignored: IgnoredUsers, in view: RoomsView, _ sight: inout RelationsSight?
    ) throws {
        for (event, aggregation) in zip(events, try view.aggregations(of: events.map(\.shortID))) {
            guard let aggregation else { continue }
            let fields = try JSONFields(scanning: event.json)
            if fields["state_key"] != nil { continue }
            if sight == nil, let (pduID, _) = try view.timelineEvent(event.id) {
                sight = try RelationsSight(user, of: pduID.room, ignoring: ignored, in: view)
            }
            guard var related = sight else { continue }
            defer { sight = related }
            var bundle = Bundle()
            if event.redaction == .none { bundle.replacement = try related.replacement(of: event, aggregation) }
            bundle.thread = try related.thread(of: event, fields.string("sender"), aggregation)
            bundle.references = try related.references(to: event, aggregation)
            if !bundle.isEmpty { bundles[event.shortID] = bundle }
        }
    }

    /// What is said with the event.
    subscript(event: ShortEventID) -> Bundle? { bundles[event] }

    /// All events that are told whole.
    var events: [StoredEvent] { bundles.values.flatMap { [$0.replacement, $0.thread?.latest].compactMap(\.self) } }
}

/// What a user sees of a room's events that relate to others.
private struct RelationsSight {
    private let user: UserID
    private let room: RoomID
    private let ignored: IgnoredUsers
    private let view: RoomsView
    private var sight: HistorySight
    /// The order of the newest event that there is for the reader.
    private let newestOrder: Int64

    /// Nobody needs to know all events that refer to one; who does pages through the relations.
    private static let referencesMax = 100
    /// So many of the events that relate to one are looked at to find those of a kind.
    private static let relatedMax = 10_000

    init(_ user: UserID, of room: ShortRoomID, ignoring ignored: IgnoredUsers, in view: RoomsView) throws {
        self.user = user
        self.room = try view.roomID(of: room)
        self.ignored = ignored
        self.view = view
        sight = try HistorySight(of: room, by: user, in: view, ignoring: ignored)
        newestOrder = if case .left(let left) = sight.standing { PDUID.order(of: left.joinedUntil) } else { .max }
    }

    /// The latest valid replacement that the reader sees.
    mutating func replacement(of event: StoredEvent, _ aggregation: Aggregation) throws -> StoredEvent? {
        if aggregation.replacement == .none { return nil }
        if let latest = try visible(aggregation.replacement) { return latest }
        let parse = { [room] (event: StoredEvent) throws in
            try Event(trusted: event.json, id: event.id, roomID: room, version: .default)
        }
        let original = try parse(event)
        return try latest(of: event, Relation.replacement) { try parse($0).isReplacement(of: original) }
    }

    /// The thread of which an event is the root, without what ignored users have said in it.
    mutating func thread(of root: StoredEvent, _ sender: String?, _ aggregation: Aggregation) throws -> BundledAggregations.Thread? {
        if aggregation.threadCount == 0 { return nil }
        var count = aggregation.threadCount
        for user in ignored.users {
            count -= min(count, try view.replyCount(of: user, inThread: root.shortID))
        }
        guard count > 0, let latest = try visible(aggregation.threadLatest) ?? latest(of: root, Relation.thread, where: { _ in true })
        else {
            return nil
        }
        return BundledAggregations.Thread(
            latest: latest, count: count,
            hasParticipated: try sender == user.string || view.hasReplied(user, inThread: root.shortID))
    }

    /// The first of the events that refer to one.
    mutating func references(to event: StoredEvent, _ aggregation: Aggregation) throws -> [EventID] {
        let limit = min(Self.referencesMax, Int(clamping: aggregation.referenceCount))
        let references = try view.relatedEvents(to: event.shortID, .min ... .max, .forward, limit: limit, ofFirst: Self.relatedMax) {
            $0.relationType == Relation.reference
        }
        return try references.compactMap { try visible($0.shortID)?.id }
    }

    /// The latest event with a relation to another one that the reader sees and that fits.
    private mutating func latest(
        of event: StoredEvent, _ relationType: String, where fits: (StoredEvent) throws -> Bool
    ) throws -> StoredEvent? {
        let related = try view.relatedEvents(to: event.shortID, .min...newestOrder, .backward, limit: .max, ofFirst: Self.relatedMax) {
            $0.relationType == relationType
        }
        for candidate in related {
            if let event = try visible(candidate.shortID), try fits(event) { return event }
        }
        return nil
    }

    /// The event, if there is one and it may be seen.
    private mutating func visible(_ event: ShortEventID) throws -> StoredEvent? {
        guard event != .none, let (pduID, stored) = try view.timelineEvent(event), pduID.order <= newestOrder else { return nil }
        return try sight.see(stored, at: pduID)
    }
}
