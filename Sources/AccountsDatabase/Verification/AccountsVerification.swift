import RocksDB
import Store
import StoredIdentifiers

/// What the maps of the accounts database say of each other.
package enum AccountsVerification {
    /// Verifies the database in `directory`, which nobody has open.
    ///
    /// - Parameter serverName: whose data it has to be; nil takes anybody's.
    package static func run(at directory: String, serverName: String?, blockCache: BlockCache) -> VerificationResult {
        Verification.run(AccountsMaps.schema, at: directory, serverName: serverName, blockCache: blockCache) { check in
            check.run { try logins(&$0) }
            check.run { try keys(&$0) }
            check.run { try thirdPartyIDs(&$0) }
            check.run { try accountData(&$0) }
            check.run { try pushers(&$0) }
        }
    }

    private static func logins(_ check: inout ReferenceCheck) throws {
        typealias Maps = AccountsMaps
        try check.each(
            Maps.tokenToOwner, has: Maps.deviceToToken, at: { TupleKey($1.user, $1.device) }, where: { hash, _, other in hash == other })
        try check.each(
            Maps.deviceToToken, has: Maps.tokenToOwner, at: { $1 },
            where: { key, _, owner in key.parts == (owner.user, owner.device) })
        try check.each(Maps.tokenToOwner, has: Maps.userIDToAccount, at: { $1.user }, where: { $1.flags == $2.flags })
        try check.each(
            Maps.refreshTokens, has: Maps.deviceToRefreshTokens, at: { TupleKey($1.user, $1.device) },
            where: { hash, _, known in hash == known.current || hash == known.replaced })
        try check.each(
            Maps.deviceToRefreshTokens, has: Maps.refreshTokens, at: { $1.current },
            where: { key, _, token in key.parts == (token.user, token.device) })
        try check.each(Maps.deviceToRefreshTokens, has: Maps.deviceToToken)
        try check.each(Maps.deviceToToken, has: Maps.deviceToMetadata)
        try check.each(Maps.dehydratedDevices, has: Maps.deviceToMetadata, at: { TupleKey($0, $1.id) })
    }

    private static func keys(_ check: inout ReferenceCheck) throws {
        typealias Maps = AccountsMaps
        for usage in CrossSigningUsage.allCases { try check.each(usage.column, has: Maps.keyIDToKey, at: { TupleKey($0, $1) }) }
        try check.each(
            Maps.oneTimeKeys, has: Maps.keyCounts, at: { key, _ in TupleKey(key.parts.0, key.parts.1) },
            where: { key, _, counts in counts.oneTimeKeys[key.parts.2, default: 0] > 0 })
        try check.each(
            Maps.fallbackKeys, has: Maps.keyCounts, at: { key, _ in TupleKey(key.parts.0, key.parts.1) },
            where: { key, fallback, counts in counts.unusedFallbackKeys.contains(key.parts.2) != fallback.isUsed })
        try check.each(Maps.keyCounts, has: Maps.deviceToMetadata)
        try check.each(Maps.backupIDToAlgorithm, has: Maps.backupIDToETag)
        try check.each(
            Maps.backedUpKeys, has: Maps.backupIDToETag, at: { key, _ in TupleKey(key.parts.0, key.parts.1) },
            where: { _, _, state in state.count > 0 })
    }

    private static func thirdPartyIDs(_ check: inout ReferenceCheck) throws {
        typealias Maps = AccountsMaps
        try check.each(
            Maps.thirdPartyIDs, has: Maps.thirdPartyIDToUser, at: { key, _ in TupleKey(key.parts.1, key.parts.2) },
            where: { key, _, user in key.parts.0 == user })
        try check.each(Maps.thirdPartyIDToUser, has: Maps.thirdPartyIDs, at: { TupleKey($1, $0.parts.0, $0.parts.1) })
        try check.each(Maps.thirdPartyIDs, has: Maps.userIDToAccount, at: { key, _ in key.parts.0 })
    }

    private static func pushers(_ check: inout ReferenceCheck) throws {
        typealias Maps = AccountsMaps
        try check.each(
            Maps.pushers, has: Maps.pushKeyToDeviceID, at: { key, _ in TupleKey(key.parts.1, key.parts.2, key.parts.0) },
            where: { _, pusher, device in device == pusher.device ?? "" })
        try check.each(
            Maps.pushKeyToDeviceID, has: Maps.pushers, at: { key, _ in TupleKey(key.parts.2, key.parts.0, key.parts.1) })
    }

    private static func accountData(_ check: inout ReferenceCheck) throws {
        typealias Maps = AccountsMaps
        try check.each(
            Maps.accountData, has: Maps.accountDataPositions, at: { TupleKey($0.parts.0, $0.parts.1, $1.type) },
            where: { key, _, position in key.parts.2 == position })
        try check.each(
            Maps.accountDataPositions, has: Maps.accountData, at: { TupleKey($0.parts.0, $0.parts.1, $1) },
            where: { key, _, entry in key.parts.2 == entry.type })
        try check.each(
            Maps.accountDataPositions, has: CommonMaps.positionChange, at: { [floor = check.logFloor] in $1 > floor ? $1 : nil },
            where: { key, _, change in change.scope == .user(key.parts.0) })
    }
}
