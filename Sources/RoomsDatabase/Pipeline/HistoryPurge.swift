import MatrixProtocol
import Store
import StoredIdentifiers

/// Which history is to be purged: that of a room, before an order.
package struct HistoryPurge: StoreCodable, Equatable {
    package let room: ShortRoomID
    /// The order of the first event that stays.
    package let end: Int64

    package init(room: ShortRoomID, end: Int64) {
        self.room = room
        self.end = end
    }

    package var encoded: [UInt8] { FixedKey(room, end).encoded }

    package init(encoded bytes: [UInt8]) throws {
        (room, end) = try FixedKey<ShortRoomID, Int64>(encoded: bytes).parts
    }
}
