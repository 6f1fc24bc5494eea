import Logging
import MatrixProtocol
import Store

/// The file that keeps the server's signing key: made at the first start, and never replaced, since other servers know the server by it.
enum SigningKeyFile {
    /// The key in the data directory; a new one, durable when this returns, if there is none.
    ///
    /// - Throws: ``SigningKeyError`` if the file holds no signing key; `StoreError` if it cannot be read or written.
    static func load(from directory: DataDirectory, random: any RandomSource, logger: Logger) throws -> SigningKey {
        guard let bytes = try directory.readFile(DataDirectory.signingKeyFile) else { return try make(in: directory, random: random) }
        guard let key = SigningKey(text: String(decoding: bytes, as: UTF8.self)) else {
            throw SigningKeyError(path: directory.path(of: DataDirectory.signingKeyFile))
        }
        if directory.isReadableByOthers(DataDirectory.signingKeyFile) {
            logger.warning(
                "Others on this machine can read the signing key; chmod 600 it",
                metadata: ["path": "\(directory.path(of: DataDirectory.signingKeyFile))"])
        }
        return key
    }

    private static func make(in directory: DataDirectory, random: any RandomSource) throws -> SigningKey {
        guard let key = SigningKey(seed: random.bytes(SigningKey.seedSizeBytes), version: "a_\(random.alphanumeric(6))") else {
            preconditionFailure("every seed of \(SigningKey.seedSizeBytes) bytes is a key")
        }
        try directory.writeFile(DataDirectory.signingKeyFile, Array("\(key.text)\n".utf8))
        return key
    }
}

/// The signing key's file holds something else.
struct SigningKeyError: Error, CustomStringConvertible {
    let path: String

    var description: String {
        "\(path) is not a signing key (one line: ed25519, the key's name, the seed in Base64); put the real one back, from a copy of the "
            + "data directory if need be"
    }
}
