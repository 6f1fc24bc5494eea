import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// Keys of sessions that a client adds to a backup (`PUT /room_keys/keys` and the same for a room and a session).
///
/// What reads them throws `M_MISSING_PARAM`, `M_BAD_JSON`, `M_INVALID_PARAM` and `M_TOO_LARGE`.
package struct KeyBackupUpload: Sendable {
    let keys: [BackedUpKey]

    /// Reads the keys of several rooms: an object with `rooms`.
    package init(rooms object: JSONObject) throws(MatrixError) {
        guard let value = object["rooms"] else { throw MatrixError(.missingParameter, "Missing rooms") }
        guard let rooms = value.objectValue else { throw MatrixError(.badJSON, "rooms must be an object") }
        var keys: [BackedUpKey] = []
        for (name, ofRoom) in rooms {
            guard let room = RoomID(name) else { throw MatrixError(.invalidParameter, "\(name) is not a room ID") }
            guard let ofRoom = ofRoom.objectValue else { throw MatrixError(.badJSON, "\(name) must have an object") }
            keys += try KeyBackupUpload(of: room, ofRoom).keys
        }
        self.keys = keys
    }

    /// Reads the keys of a room: an object with `sessions`.
    package init(of room: RoomID, _ object: JSONObject) throws(MatrixError) {
        guard let value = object["sessions"] else { throw MatrixError(.missingParameter, "Missing sessions of \(room)") }
        guard let sessions = value.objectValue else { throw MatrixError(.badJSON, "sessions must be an object") }
        var keys: [BackedUpKey] = []
        for (session, key) in sessions {
            guard let key = key.objectValue else { throw MatrixError(.badJSON, "The key of session \(session) must be an object") }
            keys += try KeyBackupUpload(of: session, in: room, key).keys
        }
        self.keys = keys
    }

    /// Reads the key of one session ("KeyBackupData").
    package init(of session: String, in room: RoomID, _ object: JSONObject) throws(MatrixError) {
        for name in ["first_message_index", "forwarded_count", "is_verified", "session_data"] where object[name] == nil {
            throw MatrixError(.missingParameter, "The key of session \(session) has no \(name)")
        }
        guard let quality = BackedUpKey.Quality(object), object["session_data"]?.objectValue != nil else {
            throw MatrixError(.badJSON, "The key of session \(session) has a member of a wrong type")
        }
        guard !session.isEmpty, session.utf8.count <= EncryptionLimits.sessionIDSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A session's ID has 1 to \(EncryptionLimits.sessionIDSizeMaxBytes) bytes")
        }
        let json = object.encoded()
        guard json.count <= EncryptionLimits.backedUpKeySizeMaxBytes else {
            throw MatrixError(.tooLarge, "The key of session \(session) is too large")
        }
        keys = [BackedUpKey(room: room, session: session, quality: quality, json: json)]
    }
}
