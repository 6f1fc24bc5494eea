import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// Users' keys of sessions, encrypted by the users themselves, so that a new device can read what was said before ("Server-side key backups").
package final class KeyBackups: Sendable {
    let database: AccountsDatabase

    package init(database: AccountsDatabase) {
        self.database = database
    }

    // MARK: - Versions

    /// Begins a new version of the requester's backup (`POST /room_keys/version`).
    ///
    /// - Returns: the version.
    /// - Throws: `M_TOO_LARGE`.
    package func create(algorithm: String, authData: JSONObject, for requester: Requester) async throws -> String {
        let description = try Self.description(algorithm, authData)
        return String(try await database.createKeyBackup(description, of: requester.userID))
    }

    /// What there is to know of a version, of the current one for nil (`GET /room_keys/version`, `/room_keys/version/{version}`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func describe(_ version: String?, for requester: Requester) throws -> JSONObject {
        let view = database.view()
        guard let backup = try version.map({ try backup($0, of: requester, in: view) }) ?? view.currentKeyBackup(of: requester.userID)
        else { throw MatrixError(.notFound, "No current backup version") }
        var description = Self.json(backup.state)
        description["algorithm"] = .string(backup.algorithm)
        description["auth_data"] = try JSONValue(parsing: backup.authData)
        description["version"] = .string(String(backup.version))
        return description
    }

    /// Gives a version other `auth_data` (`PUT /room_keys/version/{version}`).
    ///
    /// - Parameter bodyVersion: the version that the request's body names, if it does.
    /// - Throws: `M_NOT_FOUND`; `M_INVALID_PARAM` for another algorithm or another version in the body; `M_TOO_LARGE`.
    package func update(
        _ version: String, bodyVersion: String?, algorithm: String, authData: JSONObject, for requester: Requester
    ) async throws {
        guard bodyVersion == nil || bodyVersion == version else {
            throw MatrixError(.invalidParameter, "version in the body is not the one in the path")
        }
        let backup = try backup(version, of: requester, in: database.view())
        guard backup.algorithm == algorithm else { throw MatrixError(.invalidParameter, "algorithm does not match") }
        let description = try Self.description(algorithm, authData)
        try await Self.describingConflicts {
            try await database.updateKeyBackup(backup.version, of: requester.userID, to: description)
        }
    }

    /// Deletes a version with its keys (`DELETE /room_keys/version/{version}`). One that is deleted already stays so.
    ///
    /// - Throws: `M_NOT_FOUND` if there never was such a version.
    package func delete(_ version: String, for requester: Requester) async throws {
        guard let number = Self.number(of: version) else { throw Self.unknownVersion }
        try await Self.describingConflicts { try await database.deleteKeyBackup(number, of: requester.userID) }
    }

    // MARK: - Versions

    /// - Throws: `M_NOT_FOUND`.
    func backup(_ version: String, of requester: Requester, in view: AccountsView) throws -> KeyBackup {
        guard let number = Self.number(of: version), let backup = try view.keyBackup(number, of: requester.userID) else {
            throw Self.unknownVersion
        }
        return backup
    }

    /// `count` and `etag`.
    static func json(_ state: KeyBackupState) -> JSONObject {
        ["count": .integer(Int64(clamping: state.count)), "etag": .string(String(state.changes))]
    }

    /// Runs an operation whose conflicts a client is to see.
    static func describingConflicts<Result>(_ operation: () async throws -> Result) async throws -> Result {
        do {
            return try await operation()
        } catch AccountsConflict.backupGone, AccountsConflict.otherBackup(nil) {
            throw unknownVersion
        } catch AccountsConflict.otherBackup(let current?) {
            throw MatrixError(.wrongRoomKeysVersion, "Wrong backup version.", extra: ["current_version": .string(String(current))])
        }
    }

    static let unknownVersion = MatrixError(.notFound, "Unknown backup version")

    /// A version as it is kept; nil if the text is no version.
    private static func number(of version: String) -> UInt64? {
        UInt64(version).flatMap { String($0) == version ? $0 : nil }
    }

    private static func description(_ algorithm: String, _ authData: JSONObject) throws(MatrixError) -> JSONObject {
        let description: JSONObject = ["algorithm": .string(algorithm), "auth_data": .object(authData)]
        guard description.encoded().count <= EncryptionLimits.backedUpKeySizeMaxBytes else {
            throw MatrixError(.tooLarge, "auth_data is too large")
        }
        return description
    }
}
