import CanonicalJSON
import MatrixProtocol
import Store

/// A version of a user's key backup ("Server-side key backups").
package struct KeyBackup: Sendable, Equatable {
    package let version: UInt64
    /// How its keys are encrypted.
    package let algorithm: String
    /// What the algorithm needs beside, as JSON.
    package let authData: [UInt8]
    package let state: KeyBackupState
}

/// How a backup's content has changed, and how much it is.
package struct KeyBackupState: StoreCodable, Equatable {
    /// How often it has changed.
    package var changes: UInt64
    /// How many keys there are.
    package var count: UInt64

    package init(changes: UInt64 = 0, count: UInt64 = 0) {
        self.changes = changes
        self.count = count
    }

    /// The two numbers, 8 bytes each.
    package var encoded: [UInt8] { FixedKey(changes, count).encoded }

    package init(encoded bytes: [UInt8]) throws {
        (changes, count) = try FixedKey<UInt64, UInt64>(encoded: bytes).parts
    }
}

extension KeyBackupState {
    package var readable: ReadableValue { ["changes": changes.readable, "count": count.readable] }
}

/// The key of a session, as it is backed up.
package struct BackedUpKey: Sendable, Equatable {
    package let room: RoomID
    package let session: String
    /// The members that decide which of two keys of a session is kept.
    package let quality: Quality
    /// All of it as JSON.
    package let json: [UInt8]

    /// How much a key is worth ("Server-side key backups").
    package struct Quality: Sendable, Equatable {
        package let isVerified: Bool
        package let firstMessageIndex: Int64
        package let forwardedCount: Int64

        package init(isVerified: Bool, firstMessageIndex: Int64, forwardedCount: Int64) {
            self.isVerified = isVerified
            self.firstMessageIndex = firstMessageIndex
            self.forwardedCount = forwardedCount
        }

        /// What a key's JSON says; nil if it says too little.
        package init?(_ object: JSONObject) {
            guard let isVerified = object["is_verified"]?.boolValue, let index = object["first_message_index"]?.integerValue,
                let count = object["forwarded_count"]?.integerValue
            else { return nil }
            self.init(isVerified: isVerified, firstMessageIndex: index, forwardedCount: count)
        }

        /// Whether a key takes the place of another one: the verified one stays, then the one that opens more, then the one that was forwarded
        /// less often.
        package func isBetter(than other: Quality) -> Bool {
            if isVerified != other.isVerified { return isVerified }
            if firstMessageIndex != other.firstMessageIndex { return firstMessageIndex < other.firstMessageIndex }
            return forwardedCount < other.forwardedCount
        }
    }

    package init(room: RoomID, session: String, quality: Quality, json: [UInt8]) {
        self.room = room
        self.session = session
        self.quality = quality
        self.json = json
    }
}

/// Which keys of a backup are meant.
package enum BackedUpKeys: Sendable, Equatable {
    case all
    case room(RoomID)
    case session(RoomID, String)
}
