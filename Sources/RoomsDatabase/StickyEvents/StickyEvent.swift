import Store

/// An event that sticks to its room (MSC4354).
package struct StickyEvent: Sendable {
    package let room: ShortRoomID
    /// When it came.
    package let position: Position
    package let event: ShortEventID
}
