import MatrixProtocol
import Synchronization

/// Remembers parsed events that give rights: create events, power levels, memberships.
///
/// An event changes only by its redaction, which has it forgotten, so a commit may use it too. What a commit has made itself isn't
/// remembered: if the commit comes to nothing, the short ID is given out again.
final class EventCache: Sendable {
    private let events = Mutex<[ShortEventID: Event]>([:])

    /// The most events that are remembered at a time.
    private static let eventsMax = 16384

    /// The event of that short ID, if it is remembered.
    subscript(shortID: ShortEventID) -> Event? {
        events.withLock { $0[shortID] }
    }

    /// Remembers an event that earlier commits have written.
    func remember(_ event: Event, _ shortID: ShortEventID) {
        events.withLock { events in
            if events.count >= Self.eventsMax { events.removeAll(keepingCapacity: true) }
            events[shortID] = event
        }
    }

    /// Forgets every event, when redactions may have been published that were not known to come to anything.
    func forgetAll() {
        events.withLock { $0.removeAll() }
    }

    /// Forgets an event that is being redacted.
    func forget(_ shortID: ShortEventID) {
        events.withLock { $0[shortID] = nil }
    }
}
