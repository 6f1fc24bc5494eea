import MatrixProtocol
import Store
import StoredIdentifiers

/// What a connection of simplified sliding sync is known by: a user, the user's device, and the name that the client gives it.
package typealias SlidingConnectionKey = TupleKey<UserID, String, String>

/// A connection's number. No other connection ever has it.
package struct SlidingConnectionID: ShortID {
    package let number: UInt64
    package init(number: UInt64) { self.number = number }

    /// That of all connections of which nothing is noted.
    package static let unnoted = SlidingConnectionID(number: 0)
}

/// A client that follows lists of rooms, and how far it has come: what it knows has *versions*, and each answer that tells of a room for the
/// first time, or in another way, makes a new one.
package struct SlidingConnection: StoreCodable, Equatable {
    package let id: SlidingConnectionID
    /// When the device was made, in milliseconds since 1970: a later one of the same ID knows nothing of what this one was told.
    package let deviceCreatedAt: Int64
    /// The newest version that the client is known to have.
    var version: UInt64
    /// The last version that was given out.
    var lastVersion: UInt64
    /// When a version was made, in milliseconds since 1970.
    package var usedAt: Int64

    /// The version of what a client knows after the first answer.
    package static let firstVersion: UInt64 = 1
    /// A connection that has made no version for so long has expired, in milliseconds.
    package static let lifetimeMilliseconds: Int64 = 30 * 24 * 60 * 60 * 1000
    /// The most connections of a device; the one that was used the longest ago goes first.
    static let connectionsMax = 20
    /// The most answers of a connection that are remembered until the client shows which of them it has.
    static let answersMax = 10
    /// The most different wishes for state that a connection remembers; who has more begins again.
    package static let requiredStatesMax = 200

    init(id: SlidingConnectionID, deviceCreatedAt: Int64, usedAt: Int64) {
        self.id = id
        self.deviceCreatedAt = deviceCreatedAt
        version = Self.firstVersion
        lastVersion = Self.firstVersion
        self.usedAt = usedAt
    }

    /// The members in their order, 8 bytes each.
    package var encoded: [UInt8] { FixedKey(id, deviceCreatedAt, version, lastVersion, usedAt).encoded }

    package init(encoded bytes: [UInt8]) throws {
        (id, deviceCreatedAt, version, lastVersion, usedAt) =
            try FixedKey<SlidingConnectionID, Int64, UInt64, UInt64, Int64>(encoded: bytes).parts
    }
}

extension SlidingConnection {
    package var readable: ReadableValue {
        [
            "id": id.readable, "device_created_ts": deviceCreatedAt.readable, "version": version.readable,
            "last_version": lastVersion.readable, "used_ts": usedAt.readable,
        ]
    }
}
