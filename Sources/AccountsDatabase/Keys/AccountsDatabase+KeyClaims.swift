import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// How many claims are answered in one commit at most.
    private static let claimsPerCommit = 500

    /// Hands out a key for each claim: the oldest one-time key, which nobody gets again, or else the fallback key.
    ///
    /// - Returns: the keys, in the claims' order; nil for devices that have none of the kind.
    package func claim(_ claims: [KeyClaim]) async throws -> [ClaimableKey?] {
        var keys: [ClaimableKey?] = []
        var rest = claims[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.claimsPerCommit)
            let taken = try await database.commit { commit in
                var taken: [ClaimableKey?] = []
                for claim in some where !commit.isHalfFull { taken.append(try commit.takeKey(claim)) }
                return taken
            }
            rest = rest.dropFirst(taken.count)
            keys += taken
        }
        return keys
    }
}

extension Commit {
    fileprivate func takeKey(_ claim: KeyClaim) throws -> ClaimableKey? {
        let device = TupleKey(claim.user, claim.device)
        if let (key, json) = try first(AccountsMaps.oneTimeKeys, .tuples(claim.user, claim.device, claim.algorithm)) {
            delete(AccountsMaps.oneTimeKeys, key)
            try changeCounts(of: device) { counts in
                let left = counts.oneTimeKeys[claim.algorithm, default: 0] - 1
                counts.oneTimeKeys[claim.algorithm] = left > 0 ? left : nil
            }
            return ClaimableKey(algorithm: claim.algorithm, id: key.parts.4, json: json)
        }
        let place = TupleKey(claim.user, claim.device, claim.algorithm)
        guard var fallback = try get(AccountsMaps.fallbackKeys, place) else { return nil }
        if !fallback.isUsed {
            fallback.isUsed = true
            put(AccountsMaps.fallbackKeys, place, fallback)
            try changeCounts(of: device) { $0.unusedFallbackKeys.remove(claim.algorithm) }
        }
        return ClaimableKey(algorithm: claim.algorithm, id: fallback.id, json: fallback.json)
    }

    private func changeCounts(of device: TupleKey<UserID, String>, _ change: (inout KeyCounts) -> Void) throws {
        var counts = try get(AccountsMaps.keyCounts, device) ?? KeyCounts()
        change(&counts)
        put(AccountsMaps.keyCounts, device, counts)
    }
}
