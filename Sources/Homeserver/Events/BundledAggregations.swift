import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

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

    /// Nobody needs to know all events that refer to one; who does pages through the relations.
    private static let referencesMax = 100

    private var bundles: [ShortEventID: Bundle] = [:]

    /// Says nothing of any event.
    static let none = BundledAggregations()

    private init() {}

    /// What is to be said with the events, all of one room. State events get nothing, and what replaces a redacted event isn't told.
    init(with events: [StoredEvent], for reader: UserID, ignoring ignored: IgnoredUsers, in view: RoomsView) throws {
        var sight: HistorySight?
        try self.init(with: events, for: reader, ignored, in: view, &sight)
        let latest = bundles.values.compactMap { $0.thread?.latest }
        if latest.isEmpty { return }
        // Events of a thread can be replaced, and are no roots themselves: it ends here.
        bundles.merge(try BundledAggregations(with: latest, for: reader, ignored, in: view, &sight).bundles) { known, _ in known }
    }

    private init(
        with events: [StoredEvent], for reader: UserID, _ ignored: IgnoredUsers, in view: RoomsView, _ sight: inout HistorySight?
    ) throws {
        for (event, aggregation) in zip(events, try view.aggregations(of: events.map(\.shortID))) {
            guard let aggregation else { continue }
            let fields = try JSONFields(scanning: event.json)
            if fields["state_key"] != nil { continue }
            if sight == nil, let (pduID, _) = try view.timelineEvent(event.id) {
                sight = try HistorySight(of: pduID.room, by: reader, in: view, ignoring: ignored)
            }
            guard var reading = sight else { continue }
            defer { sight = reading }
            var bundle = Bundle()
            if event.redaction == .none {
                bundle.replacement = try view.visible(aggregation.replacement, by: &reading)
            }
            if let latest = try view.visible(aggregation.threadLatest, by: &reading) {
                bundle.thread = Thread(
                    latest: latest, count: aggregation.threadCount,
                    hasParticipated: try fields.string("sender") == reader.string || view.hasReplied(reader, inThread: event.shortID))
            }
            if aggregation.referenceCount > 0 {
                let references = try view.relatedEvents(to: event.shortID, .min ... .max, .forward, limit: Self.referencesMax) {
                    $0.relationType == Relation.reference
                }
                bundle.references = try references.compactMap { try view.visible($0.shortID, by: &reading)?.id }
            }
            if !bundle.isEmpty { bundles[event.shortID] = bundle }
        }
    }

    /// What is said with the event.
    subscript(event: ShortEventID) -> Bundle? { bundles[event] }

    /// All events that are told whole.
    var events: [StoredEvent] { bundles.values.flatMap { [$0.replacement, $0.thread?.latest].compactMap(\.self) } }
}

extension RoomsView {
    /// The event, if there is one and it may be seen.
    fileprivate func visible(_ event: ShortEventID, by sight: inout HistorySight) throws -> StoredEvent? {
        guard event != .none, let pduID = try reader.get(RoomsMaps.shortEventIDToPDUID, event),
            let stored = try reader.get(RoomsMaps.pduIDToEvent, pduID), try sight.canSee(stored, at: pduID)
        else { return nil }
        return stored
    }
}
