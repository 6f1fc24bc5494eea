import Store

/// A room that a user sees from outside, by an invite or a knock.
package struct StrippedRoom: StoreCodable, Equatable {
    /// The position of the invite or knock.
    package let position: Position
    /// Until which position the user was joined the last time; 0 if never.
    package let joinedUntil: Position
    /// The stripped state events, as a JSON array.
    package let state: [UInt8]

    package init(position: Position, joinedUntil: Position, state: [UInt8]) {
        self.position = position
        self.joinedUntil = joinedUntil
        self.state = state
    }

    /// The two positions (8 bytes each), the JSON.
    package var encoded: [UInt8] { position.encoded + joinedUntil.encoded + state }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count > 2 * Position.width else { throw StoreError.undecodable(bytes, as: "stripped state") }
        position = Position(fixedWidth: bytes.prefix(Position.width))
        joinedUntil = Position(fixedWidth: bytes[Position.width..<2 * Position.width])
        state = Array(bytes.dropFirst(2 * Position.width))
    }
}

extension StrippedRoom {
    package var readable: ReadableValue {
        ["position": position.readable, "joined_until": joinedUntil.readable, "state": .bytes(state)]
    }
}
