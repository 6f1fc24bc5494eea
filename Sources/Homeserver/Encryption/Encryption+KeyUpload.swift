import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

extension Encryption {
    /// Publishes keys of the requester's device (`POST /keys/upload`).
    ///
    /// - Returns: `one_time_key_counts`.
    /// - Throws: `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`, `M_LIMIT_EXCEEDED`; `M_UNKNOWN` for a one-time key whose ID another one has.
    package func uploadKeys(_ body: JSONObject, for requester: Requester) async throws -> JSONObject {
        let device = try Self.device(of: requester)
        let upload = try KeyUpload(body, of: requester.userID, device: device)
        let counts = try await Self.describingConflicts {
            try await database.upload(
                upload, of: requester.userID, device: device, oneTimeKeysMax: EncryptionLimits.oneTimeKeysMax)
        }
        return counts.oneTimeKeysJSON
    }

    /// Runs an operation whose conflicts a client is to see.
    static func describingConflicts<Result>(_ operation: () async throws -> Result) async throws -> Result {
        do {
            return try await operation()
        } catch AccountsConflict.oneTimeKeyExists(let name) {
            throw MatrixError(.unknown, "One time key \(name) already exists, and is another one", status: 400)
        } catch AccountsConflict.tooManyOneTimeKeys {
            throw tooManyOneTimeKeys
        } catch AccountsConflict.tooManyKeyAlgorithms {
            throw MatrixError(.invalidParameter, "A device has keys of at most \(KeyCounts.algorithmsMax) algorithms")
        } catch AccountsConflict.deviceGone {
            throw MatrixError(.unknownToken, "The device has been removed")
        } catch AccountsConflict.deviceExists {
            throw MatrixError(.invalidParameter, "There is a device of this ID")
        } catch AccountsConflict.deviceNamedLikeKey {
            throw Accounts.deviceNamedLikeKey
        } catch AccountsConflict.sessionChanged {
            throw Accounts.sessionUsed
        } catch AccountsConflict.crossSigningKeysChanged {
            throw MatrixError(.unknown, "The keys have changed in the meantime", status: 400)
        }
    }
}
