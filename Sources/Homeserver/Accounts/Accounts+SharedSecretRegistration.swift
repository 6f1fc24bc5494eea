import AccountsDatabase
import Crypto
import MatrixProtocol

/// What a tool sends to register a user with the shared secret, as Synapse has it ("Shared-Secret Registration" in its documentation).
package struct SharedSecretRegistration: Sendable {
    package var nonce: String
    package var username: String
    package var password: String
    package var isAdmin: Bool
    /// `bot` or `support`; nil for everybody else.
    package var userType: String?
    /// The message authentication code in hexadecimal digits.
    package var mac: String
    package var device: LoginDevice
    package var inhibitsLogin: Bool

    package init(
        nonce: String, username: String, password: String, isAdmin: Bool = false, userType: String? = nil, mac: String,
        device: LoginDevice = LoginDevice(), inhibitsLogin: Bool = false
    ) {
        self.nonce = nonce
        self.username = username
        self.password = password
        self.isAdmin = isAdmin
        self.userType = userType
        self.mac = mac
        self.device = device
        self.inhibitsLogin = inhibitsLogin
    }
}

extension Accounts {
    /// A nonce for one registration with the shared secret.
    ///
    /// - Throws: `M_UNKNOWN` if no secret is configured.
    package func makeRegistrationNonce() throws(MatrixError) -> String {
        _ = try sharedSecret
        return nonces.issue()
    }

    /// Makes an account for who knows the shared secret, whether registration is enabled or not. The nonce is used up, whatever comes of it.
    ///
    /// - Throws: `M_UNKNOWN` for a nonce, a user type or a code that isn't good, or if no secret is configured; `M_USER_IN_USE`,
    ///   `M_INVALID_USERNAME`, `M_WEAK_PASSWORD`, `M_INVALID_PARAM`.
    package func register(_ request: SharedSecretRegistration) async throws -> Login {
        let secret = try sharedSecret
        guard nonces.use(request.nonce) else { throw MatrixError(.unknown, "The nonce is unknown, or used up", status: 400) }
        guard !request.username.utf8.contains(0), !request.password.utf8.contains(0) else {
            throw MatrixError(.unknown, "User name and password must not have a zero byte", status: 400)
        }
        if let userType = request.userType, !Self.userTypes.contains(userType) {
            throw MatrixError(.unknown, "user_type must be bot or support", status: 400)
        }
        guard let mac = Self.bytes(ofHexadecimal: request.mac),
            HMAC<Insecure.SHA1>.isValidAuthenticationCode(mac, authenticating: request.authenticatedBytes, using: secret)
        else { throw MatrixError(.unknown, "The code in mac is wrong", status: 403) }
        try Self.checkNewPassword(request.password)
        try request.device.check()
        return try await createAccount(
            of: try freeUserID(request.username), password: request.password, flags: request.isAdmin ? .admin : [],
            device: request.inhibitsLogin ? nil : request.device, ending: nil)
    }

    private static let userTypes: Set<String> = ["bot", "support"]

    private var sharedSecret: SymmetricKey {
        get throws(MatrixError) {
            guard let secret = settings.sharedSecret else {
                throw MatrixError(.unknown, "No shared secret is configured for registration", status: 400)
            }
            return SymmetricKey(data: Array(secret.utf8))
        }
    }

    private static func bytes(ofHexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}

extension SharedSecretRegistration {
    /// What the code covers: nonce, user name, password, `admin` or `notadmin`, and the user type if there is one, with zero bytes between.
    fileprivate var authenticatedBytes: [UInt8] {
        let parts = [nonce, username, password, isAdmin ? "admin" : "notadmin"] + (userType.map { [$0] } ?? [])
        return Array(parts.map { Array($0.utf8) }.joined(separator: [0]))
    }
}
