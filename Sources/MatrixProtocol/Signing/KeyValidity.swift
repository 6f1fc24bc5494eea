/// How long a server's key counts (server-server API, "Retrieving server keys"; room version 5, "Signing key validity period").
///
/// All times are in milliseconds since 1970.
package struct KeyValidity: Sendable, Hashable {
    /// The longest that a key is trusted after its server was asked, whatever the server says: 7 days.
    package static let trustMaxMs: Int64 = 7 * 24 * 60 * 60 * 1000

    /// Until when the key counts, this moment included.
    package let until: Int64

    /// The validity of a key in use.
    ///
    /// - Parameters:
    ///   - validUntil: the answer's `valid_until_ts`.
    ///   - receivedAt: when the answer came.
    package init(validUntil: Int64, receivedAt: Int64) {
        until = min(validUntil, receivedAt + Self.trustMaxMs)
    }

    /// The validity of a key that its server has given up: one of `old_verify_keys`.
    package init(expired: Int64) { until = expired }

    /// Whether the key counts for an event that was made at that time.
    package func covers(originServerTS: Int64, version: RoomVersion) -> Bool {
        !version.enforcesKeyValidity || originServerTS <= until
    }
}
