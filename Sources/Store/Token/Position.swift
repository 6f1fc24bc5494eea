/// A place in the history of one database: each stamped entry takes the next one in its commit, and none is ever given twice.
///
/// In a room's timeline, history from before its first event descends below zero.
package struct Position: Sendable, Hashable {
    /// The number itself: 8 bytes wherever it is stored.
    package let value: Int64

    /// The position with this number.
    package init(_ value: Int64) {
        self.value = value
    }

    /// Before everything that a database has stamped.
    package static let zero = Position(0)

    /// The position after this one.
    package var next: Position { Position(value + 1) }
}

extension Position: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.value < right.value
    }
}

extension Position: CustomStringConvertible {
    package var description: String { String(value) }
}
