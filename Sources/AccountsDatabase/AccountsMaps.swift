import MatrixProtocol
import Store
import StoredIdentifiers

/// The maps of the accounts database. docs/data-model.md describes each.
package enum AccountsMaps {
    // MARK: - logins

    package static let loginTokens = Column<[UInt8], TupleKey<Int64, UserID>>("logintoken_expiresatuserid", in: "logins", .randomSmall)
    package static let openIDTokens = Column<[UInt8], TupleKey<Int64, UserID>>("openidtoken_expiresatuserid", in: "logins", .randomSmall)
    package static let refreshTokens = Column<[UInt8], RefreshToken>("refreshtoken_userdeviceid", in: "logins", .randomSmall)
    package static let deviceToRefreshTokens = Column<TupleKey<UserID, String>, DeviceRefreshTokens>(
        "userdeviceid_refreshtokens", in: "logins", .randomSmall)
    package static let tokenToOwner = Column<[UInt8], TokenOwner>("token_userdeviceid", in: "logins", .randomSmall, .pointLookups)
    package static let deviceToMetadata = Column<TupleKey<UserID, String>, DeviceMetadata>(
        "userdeviceid_metadata", in: "logins", .randomSmall)
    package static let deviceToToken = Column<TupleKey<UserID, String>, [UInt8]>("userdeviceid_token", in: "logins", .randomSmall)
    package static let interactiveAuthSessions = Column<InteractiveAuthSession.Key, InteractiveAuthSession>(
        "userdevicesessionid_uiaainfo", in: "logins", .randomSmall)
    package static let thirdPartyIDs = Column<TupleKey<UserID, String, String>, ThirdPartyIDTimes>(
        "userthreepid_times", in: "logins", .randomSmall)
    package static let thirdPartyIDToUser = Column<TupleKey<String, String>, UserID>("threepid_userid", in: "logins", .randomSmall)
    package static let validationSessions = Column<String, ValidationSession>(
        "validationsessionid_session", in: "logins", .randomSmall)
    package static let userIDToAccount = Column<UserID, Account>("userid_password", in: "logins", .random, .pointLookups)

    // MARK: - keys

    package static let keyIDToKey = Column<TupleKey<UserID, String>, [UInt8]>("keyid_key", in: "keys", .randomSmall)
    package static let oneTimeKeys = Column<TupleKey<UserID, String, String, KeyUploadID, String>, [UInt8]>(
        "onetimekeyid_onetimekeys", in: "keys", .randomSmall)
    package static let fallbackKeys = Column<TupleKey<UserID, String, String>, FallbackKey>(
        "fallbackkeyid_fallbackkey", in: "keys", .randomSmall)
    package static let keyCounts = Column<TupleKey<UserID, String>, KeyCounts>("userdeviceid_keycounts", in: "keys", .randomSmall)
    package static let lastOneTimeKeyUpdate = Column<UserID, Position>("userid_lastonetimekeyupdate", in: "keys", .randomSmall)
    package static let userIDToMasterKeyID = Column<UserID, String>("userid_masterkeyid", in: "keys", .randomSmall)
    package static let userIDToSelfSigningKeyID = Column<UserID, String>("userid_selfsigningkeyid", in: "keys", .randomSmall)
    package static let userIDToUserSigningKeyID = Column<UserID, String>("userid_usersigningkeyid", in: "keys", .randomSmall)
    package static let keySignatures = Column<TupleKey<UserID, UserID>, KeySignature>(
        "useriduserid_keysignature", in: "keys", .randomSmall)
    package static let dehydratedDevices = Column<UserID, DehydratedDevice>("userid_dehydrateddevice", in: "keys", .randomSmall)

    // MARK: - backups

    package static let backupIDToAlgorithm = Column<TupleKey<UserID, UInt64>, [UInt8]>("backupid_algorithm", in: "backups", .randomSmall)
    package static let backupIDToETag = Column<TupleKey<UserID, UInt64>, KeyBackupState>("backupid_etag", in: "backups", .randomSmall)
    package static let backedUpKeys = Column<TupleKey<UserID, UInt64, RoomID, String>, [UInt8]>(
        "backupkeyid_backup", in: "backups", .randomSmall)

    // MARK: - data

    package static let accountData = Column<TupleKey<UserID, RoomID?, Position>, AccountDataEntry>(
        "roomuserdataid_accountdata", in: "data", .randomSmall)
    package static let accountDataPositions = Column<TupleKey<UserID, RoomID?, String>, Position>(
        "roomusertype_roomuserdataid", in: "data", .randomSmall)
    package static let filters = Column<TupleKey<UserID, String>, [UInt8]>("userfilterid_filter", in: "data", .randomSmall)

    // MARK: - reports

    package static let reports = Column<ReportID, Report>("reportid_report", in: "data", .randomSmall)

    // MARK: - push

    package static let pushKeyToDeviceID = Column<TupleKey<String, String, UserID>, String>("pushkey_deviceid", in: "push", .randomSmall)
    package static let pushers = Column<TupleKey<UserID, String, String>, Pusher>("senderkey_pusher", in: "push", .randomSmall)

    // MARK: - application services

    package static let appServiceRegistrations = Column<String, [UInt8]>(
        "id_appserviceregistrations", in: "appservices", .randomSmall)

    // MARK: - media

    package static let mediaFiles = Column<TupleKey<ServerName, String, String>, [UInt8]>("mediaid_file", in: "media", .randomSmall)
    package static let mediaUploaders = Column<TupleKey<ServerName, String>, UserID>("mediaid_user", in: "media", .randomSmall)

    /// The database as a whole.
    package static let schema = DatabaseSchema(
        name: "accounts", version: 4,
        maps: [
            loginTokens.map, openIDTokens.map, refreshTokens.map, deviceToRefreshTokens.map, tokenToOwner.map, deviceToMetadata.map,
            deviceToToken.map, interactiveAuthSessions.map,
            userIDToAccount.map, thirdPartyIDs.map, thirdPartyIDToUser.map, validationSessions.map,
            keyIDToKey.map, oneTimeKeys.map, fallbackKeys.map, keyCounts.map, lastOneTimeKeyUpdate.map, userIDToMasterKeyID.map,
            userIDToSelfSigningKeyID.map, userIDToUserSigningKeyID.map, keySignatures.map, dehydratedDevices.map,
            backupIDToAlgorithm.map, backupIDToETag.map, backedUpKeys.map,
            accountData.map, accountDataPositions.map, filters.map,
            reports.map,
            pushKeyToDeviceID.map, pushers.map,
            appServiceRegistrations.map,
            mediaFiles.map, mediaUploaders.map,
        ],
        migrations: [Migration(to: 3, adding: [reports.map]), AccountsVersion4.migration])
}
