/// Limits on what strangers and users can have kept for their accounts.
package enum AccountsLimits {
    /// The longest password, in bytes of UTF-8.
    package static let passwordSizeMaxBytes = 512
    /// The longest name that can be a user's, in bytes: that of user IDs and email addresses.
    static let nameSizeMaxBytes = 255
    /// The longest address that the page of a message leads on to, in bytes.
    static let nextLinkSizeMaxBytes = 2048
    /// The longest device ID, in bytes.
    package static let deviceIDSizeMaxBytes = 255
    /// The longest name of a device, in bytes.
    package static let deviceDisplayNameSizeMaxBytes = 400
    /// How many devices one request removes at most.
    static let removedDevicesMax = 1000
    /// The longest type of an entry of account data, in bytes.
    package static let accountDataTypeSizeMaxBytes = 255
    /// The largest content of an entry of account data, in bytes.
    package static let accountDataSizeMaxBytes = 512 << 10
    /// The longest tag of a room, in bytes ("Room Tagging").
    static let tagSizeMaxBytes = 255
    /// The largest filter, in bytes.
    package static let filterSizeMaxBytes = 64 << 10

    /// How long a session of user-interactive authentication lasts, in milliseconds: enough to look for a registration token.
    static let interactiveAuthSessionMilliseconds: Int64 = 30 * 60 * 1000
    /// How long somebody has to follow the link of a message, and then for what was to be done with the proof, in milliseconds.
    static let validationSessionMilliseconds: Int64 = 24 * 60 * 60 * 1000
    /// How long a nonce for registration with the shared secret lasts, in milliseconds, as in Synapse.
    static let registrationNonceMilliseconds: Int64 = 60 * 1000
    /// How many such nonces are open at a time; the oldest give way.
    static let registrationNoncesMax = 1000

    /// How many password hashes are computed at a time, since each takes 19 MiB.
    static let passwordHashesMax = 2
    /// How many computations of password hashes wait at a time.
    static let waitingPasswordHashesMax = 200
}
