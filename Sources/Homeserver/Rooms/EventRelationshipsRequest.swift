import MatrixProtocol
import Store

/// Which events around an event are wanted (`POST /event_relationships`, MSC2836).
package struct EventRelationshipsRequest: Sendable {
    package var event: EventID
    /// How far from the event the walk goes; nil for any distance.
    package var depthMax: Int? = 3
    /// How many of an event's children are looked at; nil for all.
    package var breadthMax: Int? = 10
    /// The most events of an answer.
    package var limit = 100
    /// Whether an event's children come before its siblings.
    package var isDepthFirst = false
    /// Whether the newest of siblings come first.
    package var isRecentFirst = true
    package var includesParent = false
    package var includesChildren = false
    package var direction = Direction.down
    /// How many of the walk's events were told before.
    package var skipped = 0

    package init(event: EventID) {
        self.event = event
    }

    /// Where a walk leads from an event.
    package enum Direction: String, Sendable, CaseIterable {
        /// To what it refers to.
        case up
        /// To what refers to it.
        case down
    }

    /// The token of a page that begins behind so many events.
    static func batch(skipping count: Int) -> String {
        Base64URL.encode(TupleKey(Int64(count)).encoded)
    }

    /// The most events that one walk looks at.
    static let visitedMax = 10_000

    /// How many events are before the page of a token; nil when it is none of this server.
    package static func skipped(by batch: String) -> Int? {
        guard let bytes = Base64URL.decode(batch), let count = try? TupleKey<Int64>(decoding: bytes).parts,
            (0...Int64(visitedMax)).contains(count)
        else { return nil }
        return Int(count)
    }
}
