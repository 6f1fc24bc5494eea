import Store
import TransitoryDatabase

/// `pos` of simplified sliding sync: a connection, a version of what it was told, and how far its client has seen each of the three databases.
///
/// As a string it is the FoundationDB tuple of the connection's number, the version and three versionstamps (rooms, accounts, transitory), in
/// base64url without padding.
package struct SlidingSyncPosition: Sendable, Hashable {
    package let connection: SlidingConnectionID
    package let version: UInt64
    package let token: SyncToken

    package init(connection: SlidingConnectionID, version: UInt64, token: SyncToken) {
        self.connection = connection
        self.version = version
        self.token = token
    }
}

extension SlidingSyncPosition: LosslessStringConvertible {
    private typealias Key = TupleKey<UInt64, UInt64, Versionstamp, Versionstamp, Versionstamp>

    /// The position that the string stands for; nil if it is not exactly one that ``description`` gives.
    package init?(_ string: String) {
        guard let bytes = Base64URL.decode(string), let key = try? Key(decoding: bytes) else { return nil }
        let (connection, version, rooms, accounts, transitory) = key.parts
        self.init(
            connection: SlidingConnectionID(number: connection), version: version,
            token: SyncToken(rooms: rooms, accounts: accounts, transitory: transitory))
    }

    package var description: String {
        Base64URL.encode(Key(connection.number, version, token.rooms, token.accounts, token.transitory).encoded)
    }
}
