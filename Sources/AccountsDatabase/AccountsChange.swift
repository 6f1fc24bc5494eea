import MatrixProtocol
import Store
import StoredIdentifiers

/// What the log of positions holds in the accounts database; the numbers are stored.
package enum AccountsChange: UInt8, Sendable {
    /// An entry of a user's account data was set. Scope: the user; key: the room, or none, and the type.
    case accountData = 1
    /// A user's devices or their keys changed. Scope: the user's device list; key: the device's ID, empty for the user's own keys.
    case deviceList = 2
    /// A user has signed another one's key. Scope: the user who signed; key: the other one's ID.
    case keySignature = 3
    /// A user's pushers changed. Scope: the user; key: nothing.
    case pushers = 4

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
