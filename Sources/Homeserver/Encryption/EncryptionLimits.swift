/// Limits on the keys that users can have kept.
package enum EncryptionLimits {
    /// How many one-time keys a device has at most.
    package static let oneTimeKeysMax = 1000
    /// The largest key that is kept, in bytes of JSON with all signatures: a device's identity keys, a one-time key, a cross-signing key.
    package static let keySizeMaxBytes = 64 << 10
    /// The largest upload of one-time keys and fallback keys, in bytes of JSON and of what stands beside it: what fits into one commit.
    static let uploadSizeMaxBytes = 512 << 10
    /// The longest name of a key with its algorithm, in bytes.
    static let keyNameSizeMaxBytes = 255
    /// The longest name of an algorithm, in bytes.
    static let algorithmSizeMaxBytes = 64
    /// The most users and devices whose keys one request asks for, and the most devices from which it claims keys.
    package static let queriedMax = 10_000
    /// The most keys of which one request has signatures.
    static let signedKeysMax = 1000
    /// The largest key of a session in a key backup, and the largest `auth_data` of one, in bytes of JSON.
    package static let backedUpKeySizeMaxBytes = 64 << 10
    /// The longest ID of a session, in bytes.
    static let sessionIDSizeMaxBytes = 255
    /// The largest `device_data` of a dehydrated device, in bytes of JSON.
    package static let dehydratedDeviceSizeMaxBytes = 256 << 10
}
