import Store

/// What is known of a scope as a whole.
struct StreamHead: StoreCodable, Equatable {
    /// No message will have this number or a lower one that hasn't been given out: the last one's number, or the end of a block that is
    /// reserved for relays.
    var last: UInt64 = 0
    /// The number of the newest message that was kept when it was sent.
    var lastKept: UInt64 = 0
    /// How many keys there are.
    var keys: UInt64 = 0
    /// The bytes of all keys and values.
    var bytes: UInt64 = 0
    /// When something was changed here, in milliseconds since 1970.
    var activeAt: Int64
    /// After how many idle milliseconds the scope is removed; 0 is never.
    let lifetime: Int64
    /// The highest number up to which a key was compacted that has nothing since.
    var emptied: UInt64 = 0

    init(activeAt: Int64, lifetime: Int64) {
        self.activeAt = activeAt
        self.lifetime = lifetime
    }

    /// The members in their order, 8 bytes each.
    var encoded: [UInt8] { FixedKey(last, lastKept, keys, bytes, activeAt, lifetime, emptied).encoded }

    init(encoded bytes: [UInt8]) throws {
        (last, lastKept, keys, self.bytes, activeAt, lifetime, emptied) =
            try FixedKey<UInt64, UInt64, UInt64, UInt64, Int64, Int64, UInt64>(encoded: bytes).parts
    }

    var readable: ReadableValue {
        [
            "last": last.readable, "last_kept": lastKept.readable, "keys": keys.readable, "bytes": bytes.readable,
            "active_ts": activeAt.readable, "lifetime_ms": lifetime.readable, "emptied": emptied.readable,
        ]
    }
}

/// What is known of one key of a scope.
struct StreamKey: StoreCodable, Equatable {
    /// The number of the first message.
    var first: UInt64 = 0
    /// The number of the last message.
    var last: UInt64 = 0
    /// How many messages there are.
    var size: UInt64 = 0
    /// The bytes of their values.
    var bytes: UInt64 = 0
    /// The number up to which the key was compacted.
    var compacted: UInt64 = 0

    init() {}

    /// The members in their order, 8 bytes each.
    var encoded: [UInt8] { FixedKey(first, last, size, bytes, compacted).encoded }

    init(encoded bytes: [UInt8]) throws {
        (first, last, size, self.bytes, compacted) = try FixedKey<UInt64, UInt64, UInt64, UInt64, UInt64>(encoded: bytes).parts
    }

    var readable: ReadableValue {
        [
            "first": first.readable, "last": last.readable, "size": size.readable, "bytes": bytes.readable,
            "compacted": compacted.readable,
        ]
    }
}
