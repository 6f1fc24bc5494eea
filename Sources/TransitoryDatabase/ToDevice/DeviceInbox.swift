import MatrixProtocol
import Store
import StoredIdentifiers

/// Where messages wait for a device ("Send-to-Device messaging"): a stream with one key.
///
/// The time of the device's making belongs to it, so that a later device of the same ID gets nothing that was meant for the one before.
package struct DeviceInbox: Sendable, Hashable {
    package let user: UserID
    package let device: String
    /// When the device was made, in milliseconds since 1970.
    package let createdAt: Int64

    package init(user: UserID, device: String, createdAt: Int64) {
        self.user = user
        self.device = device
        self.createdAt = createdAt
    }

    /// What concerns the device: its ID is the tuple of user, device and time.
    package var scope: Scope { Scope(.device, TupleKey(user, device, createdAt).encoded) }

    /// The key under which all messages of an inbox are.
    static let key = "to_device"

    /// How much an inbox holds: what a device gets that is away for months.
    static let limits: StreamLimits = {
        var limits = StreamLimits()
        limits.streamLengthMax = 100_000
        limits.scopeMaxBytes = 64 << 20
        limits.streamMaxBytes = limits.scopeMaxBytes
        return limits
    }()

    /// The inboxes of all devices that a user has had under an ID.
    static func range(ofDevice device: String, of user: UserID) -> KeyRange {
        let range = KeyRange.tuples(user, device)
        return KeyRange(lower: Scope(.device, range.lower).encoded, upper: range.upper.map { Scope(.device, $0).encoded })
    }
}

/// A message that waits for a device.
package struct InboxMessage: Sendable, Equatable {
    /// Its number in the inbox.
    package let number: UInt64
    /// Its position, which sync tokens count by.
    package let position: Position
    /// The event as JSON: `type`, `sender` and `content`.
    package let json: [UInt8]

    init(_ message: StreamMessage) throws {
        guard message.value.count > Position.width else { throw StoreError.undecodable(message.value, as: "a message to a device") }
        number = message.sequence
        position = Position(fixedWidth: message.value.prefix(Position.width))
        json = Array(message.value.dropFirst(Position.width))
    }

    /// The position (8 bytes) and the JSON, as a message of a stream.
    static func value(_ json: [UInt8], at position: Position) -> [UInt8] { position.encoded + json }
}
