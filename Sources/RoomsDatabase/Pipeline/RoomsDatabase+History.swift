import MatrixProtocol
import Store
import StoredIdentifiers

/// Fetching history backwards.
extension RoomsDatabase {
    /// So many events of history are taken in one commit, and so many bytes of them.
    private static let eventsPerCommit = 20
    private static let bytesPerCommit = 1 << 18

    /// Takes events from the time before an event of the timeline, which have passed the checks on them alone, and puts them right before it.
    ///
    /// - Parameters:
    ///   - events: in any order.
    ///   - version: the version of the room.
    ///   - event: what they come before; its gap is narrowed by them, and a new one is before those whose previous events are missing.
    ///   - states: the states before some of them, as another server tells them: asked for where previous events are missing.
    /// - Returns: what became of each.
    /// - Throws: `PipelineError`. What was taken until then stays.
    @discardableResult
    package func receiveHistory(
        _ events: [Event], version: RoomVersion, before event: EventID, states: [EventID: GivenState] = [:]
    ) async throws -> [EventID: Receipt] {
        let sorted = Self.sorted(events)
        let places = try zip(sorted, view().ordersBefore(event, count: sorted.count)).map { (event: $0, order: $1) }
        var receipts: [EventID: Receipt] = [:]
        var rest = places[...]
        while let first = rest.first {
            var bytes = 0
            let chunk = rest.prefix(Self.eventsPerCommit).prefix { place in
                bytes += place.event.bytes.count
                return bytes <= Self.bytesPerCommit || place.event.id == first.event.id
            }
            rest = rest.dropFirst(chunk.count)
            let taken = try await commit { commit in
                try chunk.map { place in
                    let room = try commit.room(of: place.event, version: version)
                    return try commit.receiveHistory(place.event, at: place.order, in: room, before: states[place.event.id])
                }
            }
            for (place, receipt) in zip(chunk, taken) { receipts[place.event.id] = receipt }
        }
        for (id, receipt) in receipts {
            if case .waiting = receipt { continue }
            try await receiveWaiting(for: id, version: version)
        }
        return receipts
    }

    /// The events in an order in which each comes after those of them that it follows, or that give it the right.
    private static func sorted(_ events: [Event]) -> [Event] {
        let byID = Dictionary(events.map { ($0.id, $0) }) { first, _ in first }
        var sorted: [Event] = []
        var seen: Set<EventID> = []
        for event in events.sorted(by: { ($0.depth, $0.id) < ($1.depth, $1.id) }) where seen.insert(event.id).inserted {
            var path = [(event: event, rest: (event.prevEvents + event.authEvents)[...])]
            while let (event, rest) = path.last {
                guard let next = rest.first else {
                    sorted.append(event)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].rest = rest.dropFirst()
                guard let before = byID[next], seen.insert(next).inserted else { continue }
                path.append((before, (before.prevEvents + before.authEvents)[...]))
            }
        }
        return sorted
    }
}
