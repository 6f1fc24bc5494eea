import MatrixProtocol
import Store
import StoredIdentifiers

/// What the log of positions holds in the accounts database; the numbers are stored.
package enum AccountsChange: UInt8, Sendable {
    /// An entry of a user's account data was set. Scope: the user; key: the room, or none, and the type.
    case accountData = 1

    /// The key of a change of account data.
    static func accountDataKey(_ room: RoomID?, _ type: String) -> [UInt8] {
        TupleKey(room, type).encoded
    }

    /// Reads the key of a change of account data.
    ///
    /// - Returns: the room, nil for global account data, and the type.
    package static func accountDataKey(decoding bytes: [UInt8]) throws -> (room: RoomID?, type: String) {
        let (room, type) = try TupleKey<RoomID?, String>(encoded: bytes).parts
        return (room, type)
    }
}
