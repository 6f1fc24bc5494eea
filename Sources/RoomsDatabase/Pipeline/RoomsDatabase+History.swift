import MatrixProtocol
import Store
import StoredIdentifiers

/// Fetching history backwards.
extension RoomsDatabase {
    /// So many events of history are looked at for one commit.
    private static let eventsPerCommit = 50

    /// Takes events from the time before an event of the timeline, which have passed the checks on them alone, and puts them right before
    /// it.
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
        _ events: [Event], version: RoomVersion, before event: EventID, states: [EventID: GivenState] = [:],
        within limits: CommitLimits = CommitLimits()
    ) async throws -> [EventID: Receipt] {
        var receipts: [EventID: Receipt] = [:]
        var rest = Self.sorted(events)[...]
        while let first = rest.first {
            let some = rest.prefix(Self.eventsPerCommit)
            let placeCount = rest.count
            let taken = try await commit(in: first.roomID, taking: Array(some), given: states, within: limits) { commit, prepared in
                try commit.receiveHistory(some, placeCount: placeCount, before: event, version: version, states: states, prepared)
            }
            for (event, receipt) in zip(some, taken) { receipts[event.id] = receipt }
            rest = rest.dropFirst(taken.count)
        }
        for event in events {
            guard let receipt = receipts[event.id], receipt.endsWaits else { continue }
            await receiveWaiting(for: event.id, in: event.roomID, version: version, within: limits)
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
