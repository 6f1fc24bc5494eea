import AccountsDatabase
import CanonicalJSON
import Crypto
import MatrixProtocol
import Store

extension Accounts {
    /// Makes an account (`POST /register`), or makes a guest's account a user's.
    ///
    /// - Throws: `InteractiveAuthenticationRequired` until the client has gone through the stages; `M_FORBIDDEN` where nobody can register, and
    ///   for a token that isn't that guest's; `M_INVALID_USERNAME`, `M_USER_IN_USE`, `M_WEAK_PASSWORD`, `M_MISSING_PARAM`, `M_INVALID_PARAM`.
    package func register(_ request: RegistrationRequest) async throws -> Login {
        try checkRegistrationIsEnabled()
        let guest = try request.guestAccessToken.map { try self.guest(named: request.username, token: $0) }
        let wanted = try guest ?? request.username.map { name throws in try freeUserID(name) }
        if let password = request.password { try Self.checkNewPassword(password) }
        try request.device.check()

        let authentication = InteractiveAuthentication(
            accounts: self, operation: Self.registration, request: wanted?.string, requester: nil, flows: registrationFlows,
            parameters: registrationParameters,
            check: { [self] stage, auth in try await checkRegistrationStage(stage, auth, from: request.device.address) },
            proof: EmailStage.proof, count: { [self] () throws(MatrixError) in try countRegistration(from: request.device.address) })
        let session = try await authentication.authorize(request.auth)

        guard let password = request.password else { throw MatrixError(.missingParameter, "Missing password") }
        try countRegistration(from: request.device.address)
        if let guest {
            return try await makeUser(of: guest, password: password, device: request.inhibitsLogin ? nil : request.device, ending: session)
        }
        let user = try wanted ?? freeUserID(environment.random.alphanumeric(Username.generatedLength))
        return try await createAccount(
            of: user, password: password, flags: [], device: request.inhibitsLogin ? nil : request.device, ending: session)
    }

    /// Checks that somebody could register with the name (`GET /register/available`).
    ///
    /// - Parameter address: where the request comes from.
    /// - Throws: `M_INVALID_USERNAME`, `M_USER_IN_USE`; `M_FORBIDDEN` where nobody can register, `M_LIMIT_EXCEEDED`.
    package func checkAvailability(ofUsername name: String, from address: String? = nil) throws {
        try checkRegistrationIsEnabled()
        try countRegistration(from: address)
        _ = try freeUserID(name)
    }

    /// Whether the registration token lets people register (`GET /register/m.login.registration_token/validity`).
    ///
    /// - Parameter address: where the request comes from.
    /// - Throws: `M_FORBIDDEN` where nobody can register; `M_LIMIT_EXCEEDED` when too many have been wrong from there.
    package func isValidRegistrationToken(_ token: String, from address: String? = nil) async throws -> Bool {
        try checkRegistrationIsEnabled()
        guard let rateLimits else { return try isRegistrationToken(token) }
        return try await rateLimits.wrongToken.countingFailures(of: ClientNetwork(address)) { try isRegistrationToken(token) }
    }

    private func isRegistrationToken(_ token: String) throws -> Bool {
        guard settings.requiresToken, let expected = try settings.token ?? database.view().registrationToken() else { return false }
        // Hashes are compared, so that the time tells nothing about the token.
        return Self.hash(ofToken: token) == Self.hash(ofToken: expected)
    }

    /// The registration token: the configured one, or else the one that the server makes for itself once.
    package func registrationToken() async throws -> String {
        if let token = settings.token { return token }
        return try await database.registrationToken(orElse: environment.random.alphanumeric(Self.registrationTokenLength))
    }

    /// How many letters and digits a registration token has that is made here.
    private static let registrationTokenLength = 24

    // MARK: - Making accounts

    /// Makes an account and logs in a device, if one is given.
    ///
    /// - Parameter password: nil for an account that no password opens.
    ///
    /// - Throws: `M_USER_IN_USE`, and `M_UNKNOWN` when the session has been used in the meantime.
    func createAccount(
        of user: UserID, password: String?, flags: AccountFlags, device: LoginDevice?, ending session: InteractiveAuthSession.Claim?
    ) async throws -> Login {
        let hash: String? = if let password { try await passwords.hash(password) } else { nil }
        let login = device?.makeLogin(environment, settings.tokenLifetimes)
        do {
            let intent = try await database.createAccount(
                of: user, passwordHash: hash, flags: flags, login: login?.kept, provingAddress: session?.session.proof, ending: session,
                beginning: { [intents] in intents.begin(Self.newUserIntent, user.encoded, in: $0) })
            // The account is there, whatever becomes of this now, and a failure is tried again.
            try? await intents.wait(for: intent)
        } catch AccountsConflict.userExists {
            throw Self.userInUse
        } catch AccountsConflict.thirdPartyIDInUse {
            throw Self.addressInUse
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
        return Login(user: user, device: login?.device)
    }

    /// The user ID that a new user with this name gets, if it is free.
    func freeUserID(_ name: String) throws -> UserID {
        let user = try Username.newUserID(name, on: serverName)
        guard try database.view().account(of: user) == nil else { throw Self.userInUse }
        return user
    }

    /// Checks what somebody wants as a password.
    ///
    /// - Throws: `M_WEAK_PASSWORD`, `M_INVALID_PARAM`.
    static func checkNewPassword(_ password: String) throws(MatrixError) {
        guard !password.isEmpty else { throw MatrixError(.weakPassword, "The password is empty") }
        guard password.utf8.count <= AccountsLimits.passwordSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A password has at most \(AccountsLimits.passwordSizeMaxBytes) bytes")
        }
    }

    /// - Throws: `M_LIMIT_EXCEEDED`.
    func countRegistration(from address: String?) throws(MatrixError) {
        try rateLimits?.registration.use(by: ClientNetwork(address))
    }

    static let sessionUsed = MatrixError(.unknown, "The session has been used in the meantime", status: 400)
    static let addressInUse = MatrixError(.threePIDInUse, "This address belongs to another account")
    static let userInUse = MatrixError(.userInUse, "This user ID is taken")

    func checkRegistrationIsEnabled() throws(MatrixError) {
        guard settings.registrationEnabled else { throw MatrixError(.forbidden, "Registration is disabled") }
    }

    /// A token comes before the rest, as in Synapse: clients know that sequence. A dummy is there where nothing else is.
    var registrationFlows: [[String]] {
        var stages = settings.requiresToken ? [Stage.registrationToken] : []
        if !settings.terms.isEmpty { stages.append(Stage.terms) }
        guard let email = settings.email else { return [stages + [Stage.dummy]] }
        let withEmail = stages + [Stage.email]
        return email.isRequiredForRegistration ? [withEmail] : [stages + [Stage.dummy], withEmail]
    }

    /// What clients need to know for the stages ("Terms of service at registration").
    var registrationParameters: JSONObject {
        guard !settings.terms.isEmpty else { return [:] }
        var policies: JSONObject = [:]
        for document in settings.terms {
            var policy = policies[document.id]?.objectValue ?? ["version": .string(document.version)]
            policy[document.language] = ["name": .string(document.name), "url": .string(document.url)]
            policies[document.id] = .object(policy)
        }
        return [Stage.terms: ["policies": .object(policies)]]
    }

    func checkRegistrationStage(_ stage: String, _ auth: JSONObject, from address: String?) async throws {
        if stage == Stage.email {
            let email = try EmailStage(auth)
            let session = try provedSession(email.sid, clientSecret: email.clientSecret, for: .registration, status: 401)
            guard try database.view().user(of: session.thirdPartyID) == nil else { throw Self.addressInUse }
        }
        guard stage == Stage.registrationToken else { return }
        guard let value = auth["token"] else { throw MatrixError(.missingParameter, "Missing auth.token") }
        guard let token = value.stringValue else { throw MatrixError(.badJSON, "auth.token must be a string") }
        guard try await isValidRegistrationToken(token, from: address) else {
            throw MatrixError(.unauthorized, "Invalid registration token")
        }
    }

    /// The operation of the sessions that allow registrations.
    static let registration = "register"

    /// The stages of user-interactive authentication that the server knows ("Authentication types").
    enum Stage {
        static let dummy = "m.login.dummy"
        static let registrationToken = "m.login.registration_token"
        static let terms = "m.login.terms"
        static let email = "m.login.email.identity"
        static let password = "m.login.password"
        static let jsonWebToken = LoginType.jsonWebToken.rawValue
    }
}
