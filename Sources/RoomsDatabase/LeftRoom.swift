import Store

/// A room that a user has left, was banned from, or was never let into.
package struct LeftRoom: StoreCodable, Equatable {
    /// The position of the event that ended it.
    package let position: Position
    /// Until which position the user was joined the last time; 0 if never.
    package let joinedUntil: Position
    /// Whether the user has asked to see no more of the room.
    package var isForgotten: Bool

    package init(position: Position, joinedUntil: Position, isForgotten: Bool = false) {
        self.position = position
        self.joinedUntil = joinedUntil
        self.isForgotten = isForgotten
    }

    package var encoded: [UInt8] { FixedKey(position, joinedUntil, UInt8(isForgotten ? 1 : 0)).encoded }

    package init(encoded bytes: [UInt8]) throws {
        let flag: UInt8
        (position, joinedUntil, flag) = try FixedKey<Position, Position, UInt8>(encoded: bytes).parts
        isForgotten = flag != 0
    }
}

extension LeftRoom {
    package var readable: ReadableValue {
        ["position": position.readable, "joined_until": joinedUntil.readable, "forgotten": .bool(isForgotten)]
    }
}
