import Store

/// What version 4 of the accounts database has and version 3 had not: fallback keys and the counts of keys, signatures of other users' keys, and
/// dehydrated devices.
enum AccountsVersion4 {
    static let migration = Migration(
        to: 4,
        adding: [
            AccountsMaps.fallbackKeys.map, AccountsMaps.keyCounts.map, AccountsMaps.keySignatures.map, AccountsMaps.dehydratedDevices.map,
        ])
}
