import MatrixProtocol
import Synchronization

/// Remembers parsed events that give rights: create events, power levels, memberships.
///
/// What the authorization rules read of an event never changes, not even by a redaction, so a commit may use it too.
final class EventCache: Sendable {
    private let events = Mutex<[ShortEventID: Event]>([:])

    /// The most events that are remembered at a time.
    private static let eventsMax = 16384

    /// The event of that short ID; made by `load` the first time.
    func event(_ shortID: ShortEventID, load: () throws -> Event?) rethrows -> Event? {
        if let event = events.withLock({ $0[shortID] }) { return event }
        guard let event = try load() else { return nil }
        events.withLock { events in
            if events.count >= Self.eventsMax { events.removeAll(keepingCapacity: true) }
            events[shortID] = event
        }
        return event
    }
}
