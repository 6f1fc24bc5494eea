import Store

/// A room's short ID.
package struct ShortRoomID: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }

    /// The room as a scope of changes.
    package var scope: Scope { Scope(.room, encoded) }
}

/// An event's short ID; 0 stands for no event.
package struct ShortEventID: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }

    /// No event.
    package static let none = ShortEventID(number: 0)
}

/// A state key's short ID: the same pair of type and state key has one for all rooms.
///
/// Those of memberships have the highest bit set, so that a room's members are one range of its state and all else is another.
package struct ShortStateKey: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }

    /// What the numbers of memberships begin at.
    package static let firstMember = ShortStateKey(number: 1 << 63)

    /// Whether it belongs to an `m.room.member` event.
    package var isMember: Bool { self >= .firstMember }
}

/// A room state's short ID. Equal states of a room have the same one.
package struct ShortStateHash: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }

    /// The state of a room before its first event.
    package static let empty = ShortStateHash(number: 0)
}
