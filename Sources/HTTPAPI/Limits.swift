/// What a stranger's request may cost the server at most, before any endpoint has a say. An endpoint that needs another body size names it
/// in its route.
package enum Limits {
    /// The largest body of a request that needs an access token, in bytes. The largest such requests are uploads of key backups.
    package static let bodySizeMaxBytes = 4 << 20
    /// The largest body of a request that needs no access token, in bytes.
    package static let openBodySizeMaxBytes = 64 << 10
    /// The most bytes of a body that are read, be it only to throw them away after the answer; then the connection is closed.
    static let receivedBodySizeMaxBytes = 128 << 20
    /// The deepest nesting of a request's JSON.
    static let jsonDepthMax = 128

    /// The largest message that is sent to a stream, in bytes.
    static let streamMessageSizeMaxBytes = 512 << 10
    /// The number of connections to streams; each takes one of those below.
    static let streamConnectionsMax = 4096
    /// The most of one user or, where nobody says who it is, one address.
    static let streamConnectionsPerClientMax = 1024
    /// So much may wait at a time for programs that have asked for it and don't read.
    static let streamAskedMaxBytes = 64 << 20

    /// The longest request line or header field, in bytes.
    static let headerFieldSizeMaxBytes = 32 << 10
    /// All header fields of a request together, in bytes.
    static let headerListSizeMaxBytes = 64 << 10
    /// The number of a request's header fields.
    static let headerFieldCountMax = 100

    /// The number of connections that each bound address holds at a time; more wait in the system's queue.
    static let connectionsMax = 8192
    /// How long the system's queue of connections is that have not been accepted yet.
    static let connectionBacklogMax = 1024
    /// How long a connection may be silent, between requests or within one that it is sending, in seconds.
    static let idleConnectionMaxSeconds: Int64 = 75

    /// How long requests under way may take when the server stops, in milliseconds; then they are cancelled.
    package static let stopGraceMilliseconds: Int64 = 5_000
    /// From here on a request is logged as slow, in milliseconds.
    static let slowRequestMilliseconds: Int64 = 1_000
}
