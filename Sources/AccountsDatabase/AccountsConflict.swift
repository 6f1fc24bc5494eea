/// Why an operation found the accounts other than it was told, and did nothing.
package enum AccountsConflict: Error, Equatable {
    /// The user ID is taken.
    case userExists
    /// The account is gone, deactivated, or has another password by now.
    case accountChanged
    /// The session of user-interactive authentication has ended or gone on since.
    case sessionChanged
    /// The user is logged in on a device of this ID.
    case deviceExists
    /// A cross-signing key of the user's is called like the device.
    case deviceNamedLikeKey
    /// The device is gone.
    case deviceGone
    /// There is another one-time key of this name.
    case oneTimeKeyExists(String)
    /// The device would have too many one-time keys.
    case tooManyOneTimeKeys
    /// The device would have one-time keys or fallback keys of too many algorithms.
    case tooManyKeyAlgorithms
    /// The user's cross-signing keys are others by now.
    case crossSigningKeysChanged
    /// The user has no such key backup.
    case backupGone
    /// Another key backup is the current one by now; its version, or nil if there is none.
    case otherBackup(UInt64?)
    /// The address is another user's.
    case thirdPartyIDInUse
    /// The user would have too much account data.
    case tooMuchAccountData
    /// The user has no such address.
    case thirdPartyIDUnknown
    /// The user would have too many pushers.
    case tooManyPushers
}
