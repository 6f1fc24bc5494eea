import MatrixProtocol
import Synchronization

/// Remembers parsed events that give rights: create events, power levels, memberships.
///
/// An event changes only by its redaction, which has it forgotten, so a commit may use it too. What a commit has written itself isn't
/// remembered: if the commit comes to nothing, it never was.
final class EventCache: Sendable {
    private let contents = Mutex(Contents())

    private struct Contents {
        var events: [ShortEventID: Event] = [:]
        var byteCount = 0

        mutating func forget(_ shortID: ShortEventID) {
            if let event = events.removeValue(forKey: shortID) { byteCount -= event.bytes.count }
        }
    }

    /// The most events that are remembered at a time, and the most bytes of them.
    private static let eventsMax = 16384
    private static let bytesMax = 16 << 20

    /// The event of that short ID, if it is remembered.
    subscript(shortID: ShortEventID) -> Event? {
        contents.withLock { $0.events[shortID] }
    }

    /// Remembers an event that earlier commits have written.
    func remember(_ event: Event, _ shortID: ShortEventID) {
        contents.withLock { contents in
            contents.forget(shortID)
            if contents.events.count >= Self.eventsMax || contents.byteCount + event.bytes.count > Self.bytesMax { contents = Contents() }
            contents.events[shortID] = event
            contents.byteCount += event.bytes.count
        }
    }

    /// Forgets every event, when redactions may have been published that were not known to come to anything.
    func forgetAll() {
        contents.withLock { $0 = Contents() }
    }

    /// Forgets an event that is being written anew.
    func forget(_ shortID: ShortEventID) {
        contents.withLock { $0.forget(shortID) }
    }
}
