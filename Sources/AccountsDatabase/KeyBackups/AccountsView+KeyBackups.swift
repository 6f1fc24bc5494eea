import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A version of the user's backup; nil if it never was, or is deleted.
    package func keyBackup(_ version: UInt64, of user: UserID) throws -> KeyBackup? {
        let key = TupleKey(user, version)
        let (description, state) = try reader.row(key, AccountsMaps.backupIDToAlgorithm, AccountsMaps.backupIDToETag)
        guard let description, let state else { return nil }
        let fields = try JSONFields(scanning: description)
        guard let algorithm = fields.string("algorithm"), let authData = fields.slice("auth_data") else {
            throw StoreError.undecodable(description, as: "a key backup")
        }
        return KeyBackup(version: version, algorithm: algorithm, authData: Array(authData), state: state)
    }

    /// The newest version of the user's backup; nil if there is none.
    package func currentKeyBackup(of user: UserID) throws -> KeyBackup? {
        let newest = try reader.first(AccountsMaps.backupIDToAlgorithm, .tuples(user), .backward)
        return try newest.flatMap { try keyBackup($0.key.parts.1, of: user) }
    }

    /// The sessions whose keys are in a backup, or those of one room in it, by room and session.
    package func backedUpSessions(of room: RoomID?, version: UInt64, of user: UserID) throws -> [(room: RoomID, session: String)] {
        var keys = try reader.domain(AccountsMaps.backedUpKeys, room.map { .tuples(user, version, $0) } ?? .tuples(user, version))
        var sessions: [(RoomID, String)] = []
        while let (key, _) = try keys.next() { sessions.append((key.parts.2, key.parts.3)) }
        return sessions
    }

    /// The keys of sessions as JSON, in the sessions' order; nil for those that aren't in the backup.
    package func backedUpKeys(
        of sessions: some Sequence<(room: RoomID, session: String)>, version: UInt64, of user: UserID
    ) throws -> [[UInt8]?] {
        try reader.get(AccountsMaps.backedUpKeys, all: sessions.map { TupleKey(user, version, $0.room, $0.session) })
    }
}
