import MatrixProtocol
import Store
import StoredIdentifiers

/// Up to which event a user has read a room, or one of its threads ("Receipts").
package struct ReadReceipt: StoreCodable, Hashable {
    /// Whom a receipt is told to: its type. The names are stored.
    package enum Kind: String, Sendable, CaseIterable {
        /// Everybody in the room.
        case read = "m.read"
        /// The user only.
        case readPrivate = "m.read.private"
    }

    /// The event up to which the user has read.
    package let event: EventID
    /// The event's place in its room.
    package let order: Int64
    /// The thread whose events are read; nil for all events of the room.
    package let thread: ThreadID?
    /// When that was, in milliseconds since 1970.
    package let time: Int64

    package init(event: EventID, order: Int64, thread: ThreadID?, time: Int64) {
        self.event = event
        self.order = order
        self.thread = thread
        self.time = time
    }

    private typealias Parts = TupleKey<EventID, Int64, String?, Int64>

    /// The tuple of event, order, thread and time.
    package var encoded: [UInt8] { Parts(event, order, thread?.string, time).encoded }

    package init(encoded bytes: [UInt8]) throws {
        let (event, order, thread, time) = try Parts(encoded: bytes).parts
        self.init(event: event, order: order, thread: thread.map { ThreadID(trusted: $0) }, time: time)
    }
}

extension ReadReceipt {
    package var readable: ReadableValue {
        ["event_id": event.readable, "order": order.readable, "thread_id": (thread?.string).readable, "ts": time.readable]
    }
}
