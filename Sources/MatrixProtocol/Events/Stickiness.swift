package import CanonicalJSON

/// For how long everybody who is in a room, or comes into it, is told of an event, wherever it stands in the timeline (MSC4354).
package struct Stickiness: Sendable, Hashable {
    /// The event's top-level member that says so.
    package static let member = "msc4354_sticky"
    /// The longest time, in milliseconds: longer ones count as this one.
    package static let durationMaxMilliseconds: Int64 = 60 * 60 * 1000

    package let durationMilliseconds: Int64

    /// - Parameter durationMilliseconds: at least 0.
    package init(durationMilliseconds: Int64) {
        precondition(durationMilliseconds >= 0, "no time is shorter than none")
        self.durationMilliseconds = min(durationMilliseconds, Self.durationMaxMilliseconds)
    }

    /// Reads it from an event; nil for one that doesn't stick, or says so in a way that doesn't count.
    package init?(_ event: JSONFields) {
        guard let value = event.slice(Self.member), let fields = try? JSONFields(scanning: value),
            let duration = fields.integer("duration_ms"), duration >= 0
        else { return nil }
        self.init(durationMilliseconds: duration)
    }

    /// When an event sticks no longer, in milliseconds since 1970. Nobody gains time by a clock that is ahead.
    package func expiry(sentAt: Int64, receivedAt: Int64) -> Int64 {
        min(sentAt, receivedAt) + durationMilliseconds
    }

    /// Writes the event's member.
    func write(to writer: inout JSONWriter) {
        writer.key(Self.member)
        writer.object(["duration_ms": .integer(durationMilliseconds)])
    }
}
