import Store

extension Streams {
    /// So many scopes are looked at in one commit.
    private static let scopesPerCommit = 50

    /// Removes the scopes that have been idle for as long as they may.
    ///
    /// - Returns: when to look again; nil if no scope ever expires.
    func expire() async throws -> Int64? {
        while true {
            guard let next = try database.snapshot().first(TransitoryMaps.streamExpiries, .all)?.key.parts.0 else { return nil }
            guard next <= environment.clock.now() else { return next }
            try await database.commit { try self.expireSome(in: $0) }
        }
    }

    private func expireSome(in commit: Commit) throws {
        let due = KeyRange(lower: [], upper: TupleKey(commit.time + 1, [UInt8]()).encoded)
        var entries = try commit.domain(TransitoryMaps.streamExpiries, due)
        for (key, _) in try entries.collect(limit: Self.scopesPerCommit) {
            commit.delete(TransitoryMaps.streamExpiries, key)
            let scope = try Scope(encoded: key.parts.1)
            guard let head = try commit.get(TransitoryMaps.streams, scope) else { continue }
            // Somebody who is subscribed may be sending relays, which leave no trace.
            let isSubscribed = live.withLock { $0[scope] }?.isSubscribed ?? false
            let end = (isSubscribed ? commit.time : head.activeAt) + head.lifetime
            if end > commit.time {
                commit.put(TransitoryMaps.streamExpiries, TupleKey(end, key.parts.1), Empty())
            } else {
                try remove(scope, in: commit)
            }
        }
    }
}
