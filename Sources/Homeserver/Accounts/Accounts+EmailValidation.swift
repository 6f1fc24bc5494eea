import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// What an email address is verified for.
    package typealias EmailPurpose = ValidationSession.Purpose

    /// Where the links in messages lead to; `sid`, `client_secret` and `token` are in the query.
    package static let emailValidationPath = "/_martlet/email/validate"

    /// Sends a message to an email address, with a link by which its reader proves to be it.
    ///
    /// - Returns: the validation session's ID.
    /// - Throws: `M_THREEPID_MEDIUM_NOT_SUPPORTED` where no mail server is configured, `M_THREEPID_IN_USE` for somebody's address,
    ///   `M_THREEPID_NOT_FOUND` for nobody's when a password is to be reset, `M_FORBIDDEN` where nobody can register, `M_INVALID_PARAM`,
    ///   `M_LIMIT_EXCEEDED`; `M_UNKNOWN` when the message can't be sent.
    package func requestEmailValidation(_ request: EmailValidationRequest, for purpose: ValidationSession.Purpose) async throws -> String {
        try Self.check(clientSecret: request.clientSecret)
        guard let settings = settings.email else { throw Self.mediumNotSupported }
        if purpose == .registration { try checkRegistrationIsEnabled() }
        guard Self.isEmailAddress(request.email) else { throw MatrixError(.invalidParameter, "This is not an email address") }
        if let link = request.nextLink {
            guard link.hasPrefix("https://") || link.hasPrefix("http://") else {
                throw MatrixError(.invalidParameter, "next_link must be a web address")
            }
            guard link.utf8.count <= AccountsLimits.nextLinkSizeMaxBytes else {
                throw MatrixError(.invalidParameter, "next_link has at most \(AccountsLimits.nextLinkSizeMaxBytes) bytes")
            }
        }
        let id = ThirdPartyID.email(request.email)
        let view = database.view()
        let owner = try view.user(of: id)
        switch purpose {
        case .registration, .addition:
            guard owner == nil else { throw MatrixError(.threePIDInUse, "This email address is already in use") }
        case .passwordReset:
            guard owner != nil else { throw MatrixError(.threePIDNotFound, "This email address belongs to no account here") }
        }
        let now = environment.clock.now()
        let secretHash = Self.hash(ofToken: request.clientSecret)
        // The same client with the same address goes on with its session, and nobody else can know the ID.
        let sid = Base64URL.encode(
            Array(SHA256.hash(data: Array("\(purpose.rawValue) \(id.address) \(request.clientSecret)".utf8))))
        if let known = try view.validationSession(sid), known.expiresAt > now, known.sendAttempt >= request.sendAttempt { return sid }
        try rateLimits?.emailRequests.use(by: ClientNetwork(request.address))
        try rateLimits?.email.use(by: id.address)
        let token = environment.random.alphanumeric(FreshTokens.length)
        let session = ValidationSession(
            purpose: purpose, thirdPartyID: id, clientSecretHash: secretHash, tokenHash: Self.hash(ofToken: token),
            sendAttempt: request.sendAttempt, nextLink: request.nextLink,
            expiresAt: now + AccountsLimits.validationSessionMilliseconds)
        try await database.setValidationSession(sid, to: session)
        let link = "\(settings.baseURL)\(Self.emailValidationPath)?sid=\(sid)&client_secret=\(request.clientSecret)&token=\(token)"
        do {
            try await settings.mail.send(
                MailMessage(to: request.email, subject: purpose.subject(on: serverName), text: purpose.text(link, on: serverName)))
        } catch let error as OutgoingMailError {
            try await database.setValidationSession(sid, to: nil)
            if case .refused = error { throw MatrixError(.invalidParameter, "The mail server does not take messages to this address") }
            throw MatrixError(.unknown, "The message can't be sent at the moment", status: 500)
        }
        return sid
    }

    /// What is told of a medium that the server has no way to reach.
    package static let mediumNotSupported = MatrixError(
        .threePIDMediumNotSupported, "This server sends no messages of this kind, so such an address can't be verified")

    /// What the link of a message is about.
    package struct EmailProof: Sendable {
        package let sid: String
        package let clientSecret: String
        package let token: String

        package init(sid: String, clientSecret: String, token: String) {
            self.sid = sid
            self.clientSecret = clientSecret
            self.token = token
        }
    }

    /// Takes what stood in a message as the proof that its reader has it.
    ///
    /// - Returns: where the page leads on; nil if nobody has said.
    /// - Throws: `M_THREEPID_AUTH_FAILED`.
    package func validate(_ proof: EmailProof) async throws -> String? {
        let session = try await database.validate(
            proof.sid, clientSecretHash: Self.hash(ofToken: proof.clientSecret), tokenHash: Self.hash(ofToken: proof.token))
        guard let session else { throw MatrixError(.threePIDAuthFailed, "The link is wrong, or too old") }
        return session.nextLink
    }

    /// The validation session that a client shows, in which the proof has been given.
    ///
    /// - Throws: `M_THREEPID_AUTH_FAILED`.
    func provedSession(
        _ sid: String, clientSecret: String, for purpose: ValidationSession.Purpose, status: Int = 400
    ) throws -> ValidationSession {
        guard let session = try database.view().validationSession(sid), session.expiresAt > environment.clock.now(),
            session.clientSecretHash == Self.hash(ofToken: clientSecret), session.purpose == purpose, session.validatedAt != nil
        else { throw MatrixError(.threePIDAuthFailed, "The address has not been verified", status: status) }
        return session
    }

    /// - Throws: `M_INVALID_PARAM`.
    package static func check(clientSecret: String) throws(MatrixError) {
        let isValid =
            (1...255).contains(clientSecret.utf8.count)
            && clientSecret.utf8.allSatisfy { $0.isASCIILetterOrDigit || ".=_-".utf8.contains($0) }
        guard isValid else { throw MatrixError(.invalidParameter, "client_secret has 1 to 255 characters of 0-9, a-z, A-Z, . = _ and -") }
    }

    private static func isEmailAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>()[],;:\\\"".utf8.contains($0) }
    }
}

extension ValidationSession.Purpose {
    fileprivate func subject(on server: ServerName) -> String {
        switch self {
        case .registration: "Your registration on \(server)"
        case .addition: "Your email address on \(server)"
        case .passwordReset: "Your password on \(server)"
        }
    }

    fileprivate func text(_ link: String, on server: ServerName) -> String {
        let request =
            switch self {
            case .registration: "Somebody, most likely you, registers on \(server) with this email address."
            case .addition: "Somebody, most likely you, adds this email address to an account on \(server)."
            case .passwordReset: "Somebody, most likely you, has forgotten the password of your account on \(server)."
            }
        return """
            Hello,

            \(request)
            If it is you, follow this link:

            \(link)

            If it is not, you need not do anything.
            """
    }
}
