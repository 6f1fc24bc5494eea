import Store

/// A list of events, as a value.
package struct ShortEventIDs: StoreCodable, Equatable {
    package let events: [ShortEventID]

    package init(_ events: [ShortEventID]) {
        self.events = events
    }

    /// 8 bytes for each.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.count * ShortEventID.width)
        for event in events { event.encodeFixedWidth(to: &bytes) }
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count % ShortEventID.width == 0 else { throw StoreError.undecodable(bytes, as: "a list of events") }
        events = stride(from: 0, to: bytes.count, by: ShortEventID.width).map {
            ShortEventID(fixedWidth: bytes[$0..<$0 + ShortEventID.width])
        }
    }

    package var readable: ReadableValue { .list(events.map(\.readable)) }
}
