import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Begins a new version of the user's backup, which is the current one from now on.
    ///
    /// - Parameter description: `algorithm` and `auth_data`.
    /// - Returns: its version, which no other backup of the user ever has.
    package func createKeyBackup(_ description: JSONObject, of user: UserID) async throws -> UInt64 {
        try await database.commit { commit in
            let last = try commit.first(AccountsMaps.backupIDToETag, .tuples(user), .backward)?.key.parts.1 ?? 0
            let key = TupleKey(user, last + 1)
            commit.put(AccountsMaps.backupIDToAlgorithm, key, description.encoded())
            commit.put(AccountsMaps.backupIDToETag, key, KeyBackupState())
            return last + 1
        }
    }

    /// Gives a version other `auth_data`.
    ///
    /// - Parameter description: `algorithm` and `auth_data`.
    /// - Throws: `AccountsConflict.backupGone`.
    package func updateKeyBackup(_ version: UInt64, of user: UserID, to description: JSONObject) async throws {
        try await database.commit { commit in
            let key = TupleKey(user, version)
            guard try commit.contains(AccountsMaps.backupIDToAlgorithm, key) else { throw AccountsConflict.backupGone }
            commit.put(AccountsMaps.backupIDToAlgorithm, key, description.encoded())
        }
    }

    /// Deletes a version with its keys. That it was there stays known, so that its number is never given again.
    ///
    /// - Throws: `AccountsConflict.backupGone` if there never was such a version.
    package func deleteKeyBackup(_ version: UInt64, of user: UserID) async throws {
        try await database.commit { commit in
            let key = TupleKey(user, version)
            guard let state = try commit.get(AccountsMaps.backupIDToETag, key) else { throw AccountsConflict.backupGone }
            commit.delete(AccountsMaps.backupIDToAlgorithm, key)
            commit.delete(AccountsMaps.backedUpKeys, .tuples(user, version))
            commit.put(AccountsMaps.backupIDToETag, key, KeyBackupState(changes: state.changes + 1))
        }
    }

    /// How many keys are kept in one commit, and how many bytes of them.
    private static let keysPerCommit = 500
    private static let bytesPerCommit = 512 << 10

    /// Adds keys to the user's current backup. Of two keys of a session the better one stays.
    ///
    /// - Throws: `AccountsConflict.otherBackup` if `version` isn't the current one.
    package func add(_ keys: [BackedUpKey], toKeyBackup version: UInt64, of user: UserID) async throws -> KeyBackupState {
        var rest = keys[...]
        while true {
            var size = 0
            let some = rest.prefix(Self.keysPerCommit).prefix { key in
                size += key.json.count
                return size <= max(Self.bytesPerCommit, key.json.count)
            }
            rest = rest.dropFirst(some.count)
            let state = try await changeKeyBackup(version, of: user, mustBeCurrent: true) { commit, state in
                try commit.add(some, version, of: user, to: &state)
            }
            if rest.isEmpty { return state }
        }
    }

    /// Deletes keys of a backup.
    ///
    /// - Throws: `AccountsConflict.backupGone`.
    package func delete(_ keys: BackedUpKeys, ofKeyBackup version: UInt64, of user: UserID) async throws -> KeyBackupState {
        try await changeKeyBackup(version, of: user, mustBeCurrent: false) { commit, state in
            let count: UInt64
            switch keys {
            case .all:
                count = state.count
                commit.delete(AccountsMaps.backedUpKeys, .tuples(user, version))
            case .room(let room):
                var stored = try commit.domain(AccountsMaps.backedUpKeys, .tuples(user, version, room))
                // One after the other: together they may be large.
                var found: UInt64 = 0
                while try stored.next() != nil { found += 1 }
                count = found
                commit.delete(AccountsMaps.backedUpKeys, .tuples(user, version, room))
            case .session(let room, let session):
                let key = TupleKey(user, version, room, session)
                count = try commit.contains(AccountsMaps.backedUpKeys, key) ? 1 : 0
                commit.delete(AccountsMaps.backedUpKeys, key)
            }
            guard count > 0 else { return }
            state.count -= min(count, state.count)
            state.changes += 1
        }
    }

    private func changeKeyBackup(
        _ version: UInt64, of user: UserID, mustBeCurrent: Bool,
        _ change: @escaping @Sendable (Commit, inout KeyBackupState) throws -> Void
    ) async throws -> KeyBackupState {
        try await database.commit { commit in
            let view = AccountsView(commit)
            if mustBeCurrent {
                let current = try view.currentKeyBackup(of: user)?.version
                guard current == version else { throw AccountsConflict.otherBackup(current) }
            }
            guard let backup = try view.keyBackup(version, of: user) else { throw AccountsConflict.backupGone }
            var state = backup.state
            try change(commit, &state)
            if state != backup.state { commit.put(AccountsMaps.backupIDToETag, TupleKey(user, version), state) }
            return state
        }
    }
}

extension Commit {
    fileprivate func add(_ keys: ArraySlice<BackedUpKey>, _ version: UInt64, of user: UserID, to state: inout KeyBackupState) throws {
        var hasChanged = false
        for key in keys {
            let place = TupleKey(user, version, key.room, key.session)
            if let stored = try get(AccountsMaps.backedUpKeys, place) {
                let known = try JSONValue(parsing: stored).objectValue.flatMap { BackedUpKey.Quality($0) }
                if let known, !key.quality.isBetter(than: known) { continue }
            } else {
                state.count += 1
            }
            put(AccountsMaps.backedUpKeys, place, key.json)
            hasChanged = true
        }
        if hasChanged { state.changes += 1 }
    }
}
