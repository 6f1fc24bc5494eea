import MatrixProtocol
import Store
import StoredIdentifiers

/// What version 4 of the accounts database has and version 3 had not: refresh tokens, access tokens that end, third-party identifiers, fallback
/// keys and the counts of keys, signatures of other users' keys, and dehydrated devices.
enum AccountsVersion4 {
    /// An access token's owner as version 3 had it: user, device and flags.
    private static let tokenToOwner = Column<[UInt8], TupleKey<UserID, String, Int64>>(
        "token_userdeviceid", in: "logins", .randomSmall, .pointLookups)

    static let migration = Migration(
        to: 4,
        adding: [
            AccountsMaps.refreshTokens.map, AccountsMaps.deviceToRefreshTokens.map, AccountsMaps.thirdPartyIDs.map,
            AccountsMaps.thirdPartyIDToUser.map, AccountsMaps.validationSessions.map,
            AccountsMaps.fallbackKeys.map, AccountsMaps.keyCounts.map, AccountsMaps.keySignatures.map, AccountsMaps.dehydratedDevices.map,
        ],
        steps: [
            MigrationStep(through: tokenToOwner) { hash, owner, commit in
                let (user, device, flags) = owner.parts
                commit.put(
                    AccountsMaps.tokenToOwner, hash, TokenOwner(user: user, device: device, flags: try AccountFlags(stored: flags)))
            }
        ])
}
