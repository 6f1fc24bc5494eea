import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// The keys in a backup.
extension KeyBackups {
    /// Adds keys to the requester's current backup (`PUT /room_keys/keys` and the same for a room and a session).
    ///
    /// - Returns: `count` and `etag`.
    /// - Throws: `M_NOT_FOUND` for a version that isn't there, `M_WRONG_ROOM_KEYS_VERSION` for one that isn't the current one.
    package func add(_ upload: KeyBackupUpload, to version: String, for requester: Requester) async throws -> JSONObject {
        let backup = try backup(version, of: requester, in: database.view())
        return try await Self.describingConflicts {
            Self.json(try await database.add(upload.keys, toKeyBackup: backup.version, of: requester.userID))
        }
    }

    /// Deletes keys of a backup (`DELETE /room_keys/keys` and the same for a room and a session).
    ///
    /// - Parameters:
    ///   - room: the room whose keys are meant; nil for all rooms.
    ///   - session: the session in the room that is meant; nil for all sessions.
    /// - Returns: `count` and `etag`.
    /// - Throws: `M_NOT_FOUND` for a version that isn't there.
    package func delete(
        in room: RoomID? = nil, session: String? = nil, version: String, for requester: Requester
    ) async throws -> JSONObject {
        let keys: BackedUpKeys = room.map { room in session.map { .session(room, $0) } ?? .room(room) } ?? .all
        let backup = try backup(version, of: requester, in: database.view())
        return try await Self.describingConflicts {
            Self.json(try await database.delete(keys, ofKeyBackup: backup.version, of: requester.userID))
        }
    }

    /// The key of one session (`GET /room_keys/keys/{roomId}/{sessionId}`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func key(of session: String, in room: RoomID, version: String, for requester: Requester) throws -> [UInt8] {
        let view = database.view()
        let backup = try backup(version, of: requester, in: view)
        let keys = try view.backedUpKeys(of: [(room, session)], version: backup.version, of: requester.userID)
        guard let key = keys.first ?? nil else { throw MatrixError(.notFound, "No room_keys found") }
        return key
    }

    /// All keys of a backup, or those of one room (`GET /room_keys/keys`, `/room_keys/keys/{roomId}`).
    ///
    /// - Throws: `M_NOT_FOUND` for a version that isn't there.
    package func keys(in room: RoomID?, version: String, for requester: Requester) throws -> AnswerInPieces {
        let view = database.view()
        let user = requester.userID
        let backup = try backup(version, of: requester, in: view)
        let sessions = try view.backedUpSessions(of: room, version: backup.version, of: user)
        @Sendable func beginSessions(_ writer: inout JSONWriter) {
            writer.beginObject()
            writer.key("sessions")
            writer.beginObject()
        }
        return AnswerInPieces(of: sessions.count) { writer in
            if room != nil { return beginSessions(&writer) }
            writer.beginObject()
            writer.key("rooms")
            writer.beginObject()
        } end: { writer in
            if room != nil || !sessions.isEmpty {
                writer.endObject()
                writer.endObject()
            }
            guard room == nil else { return }
            writer.endObject()
            writer.endObject()
        } items: { [database] range, writer in
            let keys = try database.view().backedUpKeys(of: sessions[range], version: backup.version, of: user)
            for (index, key) in zip(range, keys) {
                if room == nil, index == 0 || sessions[index - 1].room != sessions[index].room {
                    if index > 0 {
                        writer.endObject()
                        writer.endObject()
                    }
                    writer.key(sessions[index].room.string)
                    beginSessions(&writer)
                }
                // What has been deleted in the meantime is left out.
                guard let key else { continue }
                writer.key(sessions[index].session)
                writer.raw(key)
            }
        }
    }
}
