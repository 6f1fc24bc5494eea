import MatrixProtocol
import Store

/// A room's newest events, which no other event follows yet, with their depths.
///
/// They are one value: each event of ours takes the place of all of them, and entries of their own would leave a trail of deletions
/// that every reader has to pass.
package struct Extremities: StoreCodable {
    /// The most extremities of a room: so many can the next event follow.
    static let countMax = EventLimits.prevEventsMax

    /// The events and their depths, in the order of their short IDs.
    package let events: [(event: ShortEventID, depth: Int64)]

    package init(_ events: [(event: ShortEventID, depth: Int64)]) {
        self.events = events
    }

    /// Short event ID and depth (8 bytes each), for each event.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for (event, depth) in events {
            event.encodeFixedWidth(to: &bytes)
            depth.encodeFixedWidth(to: &bytes)
        }
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count % 16 == 0 else { throw StoreError.undecodable(bytes, as: "extremities") }
        events = stride(from: 0, to: bytes.count, by: 16).map { start in
            (ShortEventID(fixedWidth: bytes[start..<start + 8]), Int64(fixedWidth: bytes[start + 8..<start + 16]))
        }
    }
}

extension Extremities {
    package var readable: ReadableValue {
        .list(events.map { ["event": $0.event.readable, "depth": $0.depth.readable] })
    }
}
