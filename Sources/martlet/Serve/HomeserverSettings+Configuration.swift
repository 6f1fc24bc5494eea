import HTTPAPI
import Homeserver
import MatrixProtocol
import SMTP
import ServerConfiguration
import Store

extension Configuration {
    /// What the homeserver needs to know, out of a configuration that was loaded and so is valid.
    ///
    /// - Parameter environment: what email is sent with.
    /// - Throws: `ConfigurationError` for a key that isn't one.
    func homeserverSettings(
        dataDirectory: String, configurationFile: String?, signingKey: SigningKey, environment: Environment
    ) throws(ConfigurationError) -> HomeserverSettings {
        guard let serverName = ServerName(serverName), let roomVersion = RoomVersion(rooms.defaultVersion) else {
            preconditionFailure("a configuration that was loaded has a server name and a room version that the program knows")
        }
        var settings = HomeserverSettings(
            serverName: serverName, dataDirectory: dataDirectory, configurationFile: configurationFile, signingKey: signingKey,
            defaultRoomVersion: roomVersion,
            blockCacheBytes: store.blockCache.bytes,
            accounts: AccountsSettings(
                registrationEnabled: registration.enabled, requiresToken: registration.requireToken, token: registration.token,
                sharedSecret: registration.sharedSecret, allowsGuests: registration.allowGuests))
        settings.accounts.terms = registration.terms.map {
            RegistrationTerms(id: $0.id, version: $0.version, name: $0.name, url: $0.url, language: $0.language)
        }
        settings.accounts.allowsPasswords = login.passwords
        settings.accounts.allowsLoginTokens = login.tokens
        settings.accounts.jsonWebTokens = try login.jwt?.settings
        settings.accounts.tokenLifetimes = TokenLifetimes(
            refreshableAccess: Int64(login.refreshableAccessTokenLifetime) * 1000,
            otherAccess: login.accessTokenLifetime.map { Int64($0) * 1000 }, refresh: login.refreshTokenLifetime.map { Int64($0) * 1000 })
        if let email, let publicBaseURL {
            var emailSettings = EmailSettings(
                mail: email.client(certificateAuthorities: federation.certificateAuthorities, environment),
                baseURL: PublicAddress(baseURL: publicBaseURL).baseURL ?? publicBaseURL,
                isRequiredForRegistration: registration.requireEmail)
            emailSettings.notificationDelay = Int64(email.notificationDelay) * 1000
            settings.accounts.email = emailSettings
        }
        settings.notices = serverNotices.settings(on: serverName)
        settings.calls = voip.settings
        settings.limitsRates = rateLimits.enabled
        settings.accounts.rateLimits = rateLimits.enabled ? rateLimits.settings : nil
        settings.accounts.devicesMax = limits.devices
        settings.eventDelayMaxMilliseconds = Int64(rooms.maxEventDelay) * 1000
        settings.isPresenceEnabled = presence.enabled
        settings.accounts.pushRules.notifiesOfEncryptedEvents = push.encryptedEvents
        settings.streams.newRooms = streams.newRooms.settings
        settings.streams.sizeMaxBytes = Int64(streams.maxSize.bytes)
        settings.streams.lifetimeMilliseconds = Int64(streams.idleTime) * 1000
        return settings
    }
}

extension Configuration.ServerNotices {
    fileprivate func settings(on server: ServerName) -> ServerNoticesSettings? {
        guard let user = user.flatMap({ UserID("@\($0):\(server)") }) else { return nil }
        return ServerNoticesSettings(user: user, displayName: displayName, avatarURL: avatarURL, roomName: roomName)
    }
}

extension Configuration.Streams.NewRooms {
    fileprivate var settings: StreamsSettings.NewRooms {
        switch self {
        case .open: .open
        case .users: .users
        case .off: .off
        }
    }
}

extension Configuration.Email {
    fileprivate func client(certificateAuthorities: [String], _ environment: Environment) -> SMTPClient {
        let security: SMTPClient.Security =
            switch security {
            case .none: .none
            case .startTLS: .startTLS
            case .tls: .tls
            }
        var settings = SMTPClient.Settings(host: host, port: port, security: security, sender: sender)
        settings.username = username
        settings.password = password
        settings.senderName = senderName
        settings.certificateAuthorities = certificateAuthorities
        return SMTPClient(settings: settings, environment: environment)
    }
}

extension Configuration.JWT {
    fileprivate var settings: JSONWebTokenSettings {
        get throws(ConfigurationError) {
            guard let key = JSONWebTokenKey(algorithm: algorithm, secret: secret) else {
                throw ConfigurationError("login.jwt.secret: this is not a public key for \(algorithm), as PEM")
            }
            var settings = JSONWebTokenSettings(key: key)
            settings.subjectClaim = subjectClaim
            settings.issuer = issuer
            settings.audiences = audiences
            return settings
        }
    }
}

extension Configuration.VoIP {
    fileprivate var settings: CallSettings {
        var settings = CallSettings()
        settings.turnURIs = turnURIs
        if let turnSharedSecret {
            settings.turnAccess = .sharedSecret(turnSharedSecret)
        } else if let turnUsername, let turnPassword {
            settings.turnAccess = .password(username: turnUsername, password: turnPassword)
        }
        settings.turnLifetimeSeconds = Int64(turnUserLifetime)
        settings.allowsGuests = turnAllowGuests
        settings.liveKitServiceURLs = liveKitServiceURLs
        return settings
    }
}

extension Configuration.RateLimits {
    fileprivate var settings: RateLimits {
        var settings = RateLimits()
        settings.login = login.settings
        settings.failedLogin = failedLogin.settings
        settings.registration = registration.settings
        settings.email = email.settings
        settings.messages = messages.settings
        settings.requests = requests.settings
        settings.stickyEvents = stickyEvents.settings
        settings.ephemeral = ephemeral.settings
        settings.presence = presence.settings
        return settings
    }
}

extension Configuration.Rate {
    fileprivate var settings: RateLimits.Rate { RateLimits.Rate(burst: burst, perSecond: perSecond) }
}
