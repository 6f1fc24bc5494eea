import MatrixProtocol
import Store
import StoredIdentifiers

/// The number of an event that is to be sent later.
package struct DelayedEventNumber: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }
}

/// An event that a user wants to have sent later (MSC4140).
package struct DelayedEvent: Sendable, Hashable {
    /// The secret name by which whoever knows it may act on the event.
    package let id: String
    package let user: UserID
    /// The device that asked for it, and its name for the request; the name is nil for what needs none to be repeated.
    package let device: String
    package let transaction: String?
    package let room: RoomID
    package let type: String
    /// The state key of a state event.
    package let stateKey: String?
    /// The content as JSON; empty once that is over.
    package internal(set) var content: [UInt8]
    package let delayMilliseconds: Int64
    /// Since when the delay runs, in milliseconds since 1970.
    package internal(set) var runningSince: Int64
    /// What has become of it; nil while it is to be sent.
    package internal(set) var outcome: Outcome?

    /// What has become of an event that was to be sent.
    package enum Outcome: Sendable, Hashable {
        case sent(EventID)
        /// It could not be sent: the body of the error.
        case failed([UInt8])
        case cancelled
    }

    /// When that was, in milliseconds since 1970.
    package internal(set) var finishedAt: Int64?

    package init(
        id: String, user: UserID, device: String, transaction: String?, room: RoomID, type: String, stateKey: String?, content: [UInt8],
        delayMilliseconds: Int64, runningSince: Int64
    ) {
        self.id = id
        self.user = user
        self.device = device
        self.transaction = transaction
        self.room = room
        self.type = type
        self.stateKey = stateKey
        self.content = content
        self.delayMilliseconds = delayMilliseconds
        self.runningSince = runningSince
    }

    /// How long it is known what has become of an event, in milliseconds.
    package static let rememberedMilliseconds: Int64 = 24 * 60 * 60 * 1000

    /// When it is to be sent, in milliseconds since 1970.
    package var due: Int64 { runningSince + delayMilliseconds }

    /// When there is something to do next: to send it, or to forget it.
    package var moment: Int64 { finishedAt.map { $0 + Self.rememberedMilliseconds } ?? due }
}

/// The tuple of the members in their order; the outcome is the event's ID or none, and the error or none.
extension DelayedEvent: StoreCodable {
    private typealias Stored = TupleKey<
        String, UserID, String, String?, RoomID, String, String?, [UInt8], Int64, Int64, Int64?, EventID?, [UInt8]?
    >

    private var eventID: EventID? { if case .sent(let id) = outcome { id } else { nil } }
    private var error: [UInt8]? { if case .failed(let error) = outcome { error } else { nil } }

    package var encoded: [UInt8] {
        Stored(
            id, user, device, transaction, room, type, stateKey, content, delayMilliseconds, runningSince, finishedAt, eventID, error
        ).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (id, user, device, transaction, room, type, stateKey, content, delay, runningSince, finishedAt, eventID, error) = try Stored(
            encoded: bytes
        ).parts
        self.init(
            id: id, user: user, device: device, transaction: transaction, room: room, type: type, stateKey: stateKey, content: content,
            delayMilliseconds: delay, runningSince: runningSince)
        self.finishedAt = finishedAt
        if finishedAt != nil { outcome = eventID.map(Outcome.sent) ?? error.map(Outcome.failed) ?? .cancelled }
    }

    package var readable: ReadableValue {
        [
            "delay_id": id.readable, "user_id": user.readable, "device_id": device.readable, "transaction": transaction.readable,
            "room_id": room.readable, "type": type.readable, "state_key": stateKey.readable, "content": .bytes(content),
            "delay": delayMilliseconds.readable, "running_since": runningSince.readable, "finished_at": finishedAt.readable,
            "event_id": eventID.readable, "error": error.readable,
        ]
    }
}
