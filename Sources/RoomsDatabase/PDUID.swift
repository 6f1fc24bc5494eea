import Store

/// An event's place in its room's timeline.
///
/// The order is the event's position × 2^16 + sub, and sub is 0 for live events; so for these it follows the order in which they
/// arrived.
package struct PDUID: FixedWidth, Comparable {
    package let room: ShortRoomID
    package let order: Int64

    package init(room: ShortRoomID, order: Int64) {
        self.room = room
        self.order = order
    }

    /// The place of a live event.
    package init(room: ShortRoomID, position: Position) {
        self.init(room: room, order: Self.order(of: position))
    }

    /// The order of a live event with that position.
    package static func order(of position: Position) -> Int64 { position.value << 16 }

    /// The position in the order.
    package var position: Position { Position(order >> 16) }

    /// Whether the event came as news; otherwise it was put where there was history missing, and its position says nothing.
    package var isLive: Bool { order >= 0 && order & 0xffff == 0 }

    package static let width = 16

    package func encodeFixedWidth(to bytes: inout [UInt8]) {
        room.encodeFixedWidth(to: &bytes)
        order.encodeFixedWidth(to: &bytes)
    }

    package init(fixedWidth bytes: ArraySlice<UInt8>) {
        room = ShortRoomID(fixedWidth: bytes.prefix(8))
        order = Int64(fixedWidth: bytes.suffix(8))
    }

    package static func < (left: PDUID, right: PDUID) -> Bool {
        (left.room, left.order) < (right.room, right.order)
    }
}

/// Room and order, as in a key of the two.
extension PDUID {
    private typealias Parts = FixedKey<ShortRoomID, Int64>

    package static var readableForm: ReadableForm { .list([ShortRoomID.readableForm, .integer("order")]) }

    package var readable: ReadableValue { Parts(room, order).readable }

    package init(readable: ReadableValue) throws {
        let (room, order) = try Parts(readable: readable).parts
        self.init(room: room, order: order)
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        try Parts.keyRange(ofPrefix: prefix)
    }
}

/// A token stands for the gap right after the event of its order.
extension PaginationToken {
    /// The token of an order.
    package init(order: Int64) {
        self.init(Position(order >> 16), suborder: UInt16(order & 0xffff))
    }

    /// The order that the token stands for: the events up to and including it are before the token.
    package var order: Int64 { position.value << 16 | Int64(suborder) }
}
