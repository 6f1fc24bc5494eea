import CArgon2

/// Hashes and verifies passwords with Argon2id (RFC 9106), over libargon2.
///
/// A hash is text that carries its parameters and its salt, so that it stays verifiable when the parameters of new hashes change.
public enum Argon2id {
    /// The memory that a computation takes, in KiB: with two passes and one lane OWASP's minimum.
    public static let memoryKiB: UInt32 = 19 * 1024
    /// The number of passes over the memory.
    public static let passes: UInt32 = 2
    /// The number of threads that a computation could use.
    public static let lanes: UInt32 = 1
    /// The size of a salt, in bytes.
    public static let saltSizeBytes = 16
    /// The size of the hash proper, in bytes.
    public static let hashSizeBytes = 32

    /// The encoded hash of a password, such as `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
    ///
    /// - Parameter salt: `saltSizeBytes` fresh random bytes.
    /// - Throws: `Argon2Error`, for instance when the memory can't be had.
    public static func hash(_ password: [UInt8], salt: [UInt8]) throws(Argon2Error) -> String {
        // The size counts the terminating zero.
        let size = argon2_encodedlen(passes, memoryKiB, lanes, UInt32(salt.count), UInt32(hashSizeBytes), Argon2_id)
        var encoded = [UInt8](repeating: 0, count: size)
        // Every pointer is valid within its closure for the size that is given with it; libargon2 keeps none of them.
        let status = encoded.withUnsafeMutableBytes { encoded in
            argon2id_hash_encoded(
                passes, memoryKiB, lanes, password, password.count, salt, salt.count, hashSizeBytes,
                encoded.assumingMemoryBound(to: CChar.self).baseAddress, size)
        }
        try Argon2Error.check(status)
        return String(decoding: encoded.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Whether the password is the one that was hashed.
    ///
    /// - Throws: `Argon2Error` when `encoded` isn't such a hash or the computation fails.
    public static func verify(_ password: [UInt8], against encoded: String) throws(Argon2Error) -> Bool {
        let status = argon2id_verify(encoded, password, password.count)
        if status == ARGON2_VERIFY_MISMATCH.rawValue { return false }
        try Argon2Error.check(status)
        return true
    }
}

/// Why libargon2 refused or failed.
public struct Argon2Error: Error, Equatable, CustomStringConvertible {
    /// libargon2's own number for the reason.
    public let code: Int32

    public var description: String {
        "argon2: \(String(cString: argon2_error_message(code)))"
    }

    static func check(_ status: Int32) throws(Argon2Error) {
        guard status == ARGON2_OK.rawValue else { throw Argon2Error(code: status) }
    }
}
