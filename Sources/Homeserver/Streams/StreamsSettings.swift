/// What the administrator decides about public streams.
package struct StreamsSettings: Sendable {
    /// Who may make public streams.
    package enum NewRooms: Sendable {
        /// Everybody who reaches the server.
        case open
        /// The server's users.
        case users
        /// Nobody.
        case off
    }

    package var newRooms = NewRooms.users
    /// After how many milliseconds a stream is removed that nobody has changed or listened to.
    package var lifetimeMilliseconds: Int64 = 30 * 24 * 60 * 60 * 1000
    /// With so many bytes in all streams together nothing more is kept.
    package var sizeMaxBytes: Int64 = 1 << 30

    package init() {}
}
