import MatrixProtocol
import Store
import StoredIdentifiers

/// A report's number; later ones are higher.
package struct ReportID: ShortID {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}

/// What a user finds inappropriate: a room, an event in it, or another user ("Reporting Content").
package struct Report: StoreCodable, Equatable {
    /// Who has reported it.
    package let reporter: UserID
    /// When, in milliseconds since 1970.
    package let receivedAt: Int64
    /// The room that is reported, or that the event is in; nil for a user.
    package let room: RoomID?
    /// The event that is reported; nil for a room as a whole, and for a user.
    package let event: EventID?
    /// The user who is reported, or who has sent the event; nil for a room.
    package let user: UserID?
    /// What the reporter says about it.
    package let reason: String?
    /// How offensive it is, from -100 to 0, as clients could say before version 1.18 of the specification.
    package let score: Int64?

    package init(
        reporter: UserID, receivedAt: Int64, room: RoomID? = nil, event: EventID? = nil, user: UserID? = nil, reason: String?,
        score: Int64? = nil
    ) {
        self.reporter = reporter
        self.receivedAt = receivedAt
        self.room = room
        self.event = event
        self.user = user
        self.reason = reason
        self.score = score
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        TupleKey(reporter, receivedAt, room, event, user, reason, score).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (reporter, receivedAt, room, event, user, reason, score) =
            try TupleKey<UserID, Int64, RoomID?, EventID?, UserID?, String?, Int64?>(encoded: bytes).parts
        self.init(reporter: reporter, receivedAt: receivedAt, room: room, event: event, user: user, reason: reason, score: score)
    }
}

extension Report {
    package var readable: ReadableValue {
        [
            "reporter": reporter.readable, "received_ts": receivedAt.readable, "room_id": room.readable, "event_id": event.readable,
            "user_id": user.readable, "reason": reason.readable, "score": score.readable,
        ]
    }
}
