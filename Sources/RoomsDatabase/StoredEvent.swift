import MatrixProtocol
import Store

/// An event as the store keeps it: its bytes as they came, and what a reader would otherwise look up for it.
package struct StoredEvent: StoreCodable {
    /// The event's ID.
    package let id: EventID
    /// The event's short ID.
    package let shortID: ShortEventID
    /// The event of the same state key that this one took the place of, or none.
    package let replaced: ShortEventID
    /// The redaction that was applied to it, or none.
    package let redaction: ShortEventID
    /// The event in the federation format, as canonical JSON.
    package let json: [UInt8]

    package init(id: EventID, shortID: ShortEventID, replaced: ShortEventID, redaction: ShortEventID = .none, json: [UInt8]) {
        self.id = id
        self.shortID = shortID
        self.replaced = replaced
        self.redaction = redaction
        self.json = json
    }

    /// The number of the format: the value's first byte.
    private static let format: UInt8 = 1
    /// Format, three short IDs and the length of the event ID.
    private static let headBytes = 26

    /// Format (1 byte), short ID, replaced, redaction (8 bytes each), the event ID's length (1 byte), the event ID, the JSON.
    package var encoded: [UInt8] {
        let idBytes = id.string.utf8
        precondition(idBytes.count <= UInt8.max, "an event ID has at most 255 bytes")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes + idBytes.count + json.count)
        bytes.append(Self.format)
        shortID.encodeFixedWidth(to: &bytes)
        replaced.encodeFixedWidth(to: &bytes)
        redaction.encodeFixedWidth(to: &bytes)
        bytes.append(UInt8(idBytes.count))
        bytes.append(contentsOf: idBytes)
        bytes.append(contentsOf: json)
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count > Self.headBytes, bytes[0] == Self.format, bytes.count > Self.headBytes + Int(bytes[25]) else {
            throw StoreError.undecodable(bytes, as: "an event")
        }
        let jsonStart = Self.headBytes + Int(bytes[25])
        id = EventID(trusted: String(decoding: bytes[Self.headBytes..<jsonStart], as: UTF8.self))
        shortID = ShortEventID(fixedWidth: bytes[1..<9])
        replaced = ShortEventID(fixedWidth: bytes[9..<17])
        redaction = ShortEventID(fixedWidth: bytes[17..<25])
        json = Array(bytes[jsonStart...])
    }
}

extension StoredEvent {
    package var readable: ReadableValue {
        [
            "event_id": id.readable, "short_id": shortID.readable, "replaced": replaced.readable, "redaction": redaction.readable,
            "event": .bytes(json),
        ]
    }
}
