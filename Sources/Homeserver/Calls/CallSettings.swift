/// What clients use to call each other, as the administrator has set it up.
package struct CallSettings: Sendable {
    /// The TURN servers' addresses, such as `turn:turn.example.org?transport=udp`.
    package var turnURIs: [String] = []
    /// How clients get in there; nil where anybody does.
    package var turnAccess: TURNAccess?
    /// How long what clients are told is good, in seconds.
    package var turnLifetimeSeconds: Int64 = 3600
    /// Whether guests are told, too.
    package var allowsGuests = true
    /// The services that give access to a LiveKit server, for calls of many (MSC4143, MSC4195).
    package var liveKitServiceURLs: [String] = []

    package init() {}

    /// How clients prove to a TURN server that they may use it.
    package enum TURNAccess: Sendable, Equatable {
        /// By names with a time and a code, for which both servers have a secret ("A REST API For Access To TURN Services").
        case sharedSecret(String)
        /// By one name and one password for all.
        case password(username: String, password: String)
    }
}
