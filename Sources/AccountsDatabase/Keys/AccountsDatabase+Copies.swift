import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// Notes where the database is. When it was somewhere else before, it is a copy, and whoever it was copied from may have handed out any of the
    /// one-time keys since: those are dropped, so that none is handed out twice, and their devices upload others.
    ///
    /// - Parameter place: a number that a copy has another one of.
    package func settle(at place: UInt64) async throws {
        let known = try snapshot().get(CommonMaps.global, AccountsGlobalKey.place)
        guard known != place.encoded else { return }
        if known != nil { try await dropOneTimeKeys() }
        try await database.commit { $0.put(CommonMaps.global, AccountsGlobalKey.place, place.encoded) }
    }

    /// From how many devices keys are dropped in one commit.
    private static let devicesPerCommit = 1000

    private func dropOneTimeKeys() async throws {
        var rest = KeyRange.all
        while true {
            var walk = try snapshot().domain(AccountsMaps.keyCounts, rest)
            let some = try walk.collect(limit: Self.devicesPerCommit)
            guard let last = some.last else { return }
            try await database.commit { commit in
                for (device, counts) in some where !counts.oneTimeKeys.isEmpty {
                    let (user, id) = device.parts
                    commit.delete(AccountsMaps.oneTimeKeys, .tuples(user, id))
                    commit.put(AccountsMaps.keyCounts, device, KeyCounts(unusedFallbackKeys: counts.unusedFallbackKeys))
                }
            }
            // The key's successor.
            rest = .all.from(last.key.encoded + [0x00])
        }
    }
}
