import Store

/// Whether a user follows a thread (MSC4306).
package struct ThreadSubscription: StoreCodable, Hashable {
    package let state: State
    /// The position at which that was decided.
    package let position: Position

    /// What was decided, and by whom. The numbers are stored.
    package enum State: UInt8, Sendable {
        case unsubscribed = 0
        /// The client follows the thread because of an event.
        case automatic = 1
        /// The user wants to follow it.
        case byHand = 2
    }

    package init(_ state: State, at position: Position) {
        self.state = state
        self.position = position
    }

    /// The state's number (1 byte), the position.
    package var encoded: [UInt8] { FixedKey(state.rawValue, position).encoded }

    package init(encoded bytes: [UInt8]) throws {
        let (number, position) = try FixedKey<UInt8, Position>(encoded: bytes).parts
        guard let state = State(rawValue: number) else { throw StoreError.undecodable(bytes, as: "a thread's subscription") }
        self.init(state, at: position)
    }
}

extension ThreadSubscription {
    package var readable: ReadableValue {
        let name =
            switch state {
            case .unsubscribed: "unsubscribed"
            case .automatic: "automatic"
            case .byHand: "by hand"
            }
        return ["state": name.readable, "position": position.readable]
    }
}
