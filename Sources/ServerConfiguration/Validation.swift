import MatrixProtocol

extension Configuration {
    /// Everything in the configuration that has the right type and still means nothing, each with its place.
    var problems: [(path: ConfigurationPath, text: String)] {
        var check = ConfigurationCheck()
        check("server_name", ServerName(serverName) != nil, "\"\(serverName)\" is not a server name, such as example.org")
        if let publicBaseURL {
            check("public_base_url", isWebURL(publicBaseURL), "\"\(publicBaseURL)\" is not a URL such as https://matrix.example.org")
        }
        check("data_directory", !dataDirectory.isEmpty, "the path is empty")
        checkListeners(&check)
        checkRegistration(&check)
        checkLogin(&check)
        check(
            "rooms.default_version", RoomVersion(rooms.defaultVersion) != nil,
            "unknown room version \"\(rooms.defaultVersion)\", expected one of \(RoomVersion.supported.map(\.id).joined(separator: ", "))")
        check("rooms.max_event_delay", 1...Rooms.maxEventDelayMax ~= rooms.maxEventDelay, "expected 1 to \(Rooms.maxEventDelayMax) seconds")
        check("limits.devices", 1...Limits.devicesMax ~= limits.devices, "expected 1 to \(Limits.devicesMax)")
        check(
            "streams.path", isPath(streams.path), "\"\(streams.path)\" is not a path such as /_martlet/streams, without a slash at its end")
        check("streams.idle_time", streams.idleTime >= 1, "expected at least 1 second")
        checkEmail(&check)
        if let user = serverNotices.user {
            check("server_notices.user", isLocalpart(user), "\"\(user)\" is not the local part of a user ID, such as notices")
        }
        checkVoIP(&check)
        checkSupport(&check)
        check("store.block_cache", store.blockCache.bytes >= Store.blockCacheMin.bytes, "at least 1MiB is needed")
        return check.problems
    }

    private func checkListeners(_ check: inout ConfigurationCheck) {
        check("listeners", !listeners.isEmpty, "at least one listener is needed")
        var taken: Set<[String]> = []
        for (index, listener) in listeners.enumerated() {
            let path: ConfigurationPath = "listeners" + .index(index)
            check(path + .key("bind"), !listener.bind.isEmpty, "at least one address is needed")
            check(path + .key("port"), 0...65535 ~= listener.port, "\(listener.port) is not a port")
            check(path + .key("resources"), !listener.resources.isEmpty, "at least one resource is needed")
            for (position, address) in listener.bind.enumerated() {
                let path = path + .key("bind") + .index(position)
                guard let bytes = IPRange.address(address) else {
                    check(path, false, "\"\(address)\" is not an IP address")
                    continue
                }
                let isNew = listener.port == 0 || taken.insert(["\(bytes)", "\(listener.port)"]).inserted
                check(path, isNew, "\(address) has port \(listener.port) more than once")
            }
            if let tls = listener.tls {
                check(path + .key("tls") + .key("certificate"), tls.certificate?.isEmpty == false, "a certificate's path is needed")
                check(path + .key("tls") + .key("private_key"), tls.privateKey?.isEmpty == false, "a private key's path is needed")
            }
        }
    }

    private func checkRegistration(_ check: inout ConfigurationCheck) {
        if let token = registration.token {
            check(
                "registration.token", isRegistrationToken(token),
                "expected 1 to \(Registration.tokenLengthMax) characters out of A-Z, a-z, 0-9, '.', '_', '~' and '-'")
        }
        check("registration.shared_secret", registration.sharedSecret?.isEmpty != true, "an empty secret protects nothing")
    }

    private func checkLogin(_ check: inout ConfigurationCheck) {
        let lifetimes: [(ConfigurationPath, Int?)] = [
            ("login.refreshable_access_token_lifetime", login.refreshableAccessTokenLifetime),
            ("login.access_token_lifetime", login.accessTokenLifetime), ("login.refresh_token_lifetime", login.refreshTokenLifetime),
        ]
        for (path, seconds) in lifetimes {
            check(path, seconds.map { 1...Login.lifetimeMax ~= $0 } ?? true, "expected 1 to \(Login.lifetimeMax) seconds")
        }
        if let jwt = login.jwt {
            check("login.jwt.secret", !jwt.secret.isEmpty, "a secret is needed, or a public key as PEM")
            let algorithms = Configuration.JWT.algorithms
            check(
                "login.jwt.algorithm", algorithms.contains(jwt.algorithm),
                "unknown algorithm \"\(jwt.algorithm)\", expected one of \(algorithms.joined(separator: ", "))")
        }
        for (index, terms) in registration.terms.enumerated() {
            let path: ConfigurationPath = "registration.terms" + .index(index)
            check(path + .key("name"), !terms.name.isEmpty, "a name is needed")
            check(path + .key("url"), isWebURL(terms.url), "\"\(terms.url)\" is not a URL such as https://example.org/terms")
        }
    }

    private func checkEmail(_ check: inout ConfigurationCheck) {
        check("registration.require_email", !registration.requireEmail || email != nil, "without a mail server nobody could register")
        guard let email else { return }
        check("email.host", !email.host.isEmpty, "the mail server's name is needed")
        check("email.port", 1...65535 ~= email.port, "\(email.port) is not a port")
        check("email.sender", isEmailAddress(email.sender), "\"\(email.sender)\" is not an email address")
        check("email.username", (email.username == nil) == (email.password == nil), "a name and a password are needed, or neither")
        check(
            "email.notification_delay", 0...Email.notificationDelayMax ~= email.notificationDelay,
            "expected 0 to \(Email.notificationDelayMax) seconds")
        check("public_base_url", publicBaseURL != nil, "messages have links, so the server's address has to be known")
    }

    private func checkVoIP(_ check: inout ConfigurationCheck) {
        for (index, uri) in voip.turnURIs.enumerated() {
            let path: ConfigurationPath = "voip.turn_uris" + .index(index)
            let schemes = ["turn:", "turns:", "stun:", "stuns:"]
            check(path, schemes.contains(where: uri.hasPrefix), "\"\(uri)\" is not an address such as turn:turn.example.org")
        }
        let hasPassword = voip.turnUsername != nil && voip.turnPassword != nil
        check(
            "voip.turn_uris", voip.turnURIs.isEmpty || hasPassword || voip.turnSharedSecret != nil,
            "turn_shared_secret is needed, or turn_username and turn_password")
        check("voip.turn_user_lifetime", 1...Login.lifetimeMax ~= voip.turnUserLifetime, "expected 1 to \(Login.lifetimeMax) seconds")
        for (index, url) in voip.liveKitServiceURLs.enumerated() {
            let path: ConfigurationPath = "voip.livekit_service_urls" + .index(index)
            check(path, isWebURL(url), "\"\(url)\" is not a URL such as https://livekit.example.org")
        }
    }

    private func checkSupport(_ check: inout ConfigurationCheck) {
        for (index, contact) in support.contacts.enumerated() {
            let path: ConfigurationPath = "support.contacts" + .index(index)
            check(path, contact.emailAddress != nil || contact.matrixID != nil, "an email_address or a matrix_id is needed")
            check(path + .key("role"), !contact.role.isEmpty, "the role is empty")
            if let matrixID = contact.matrixID {
                check(path + .key("matrix_id"), UserID(matrixID) != nil, "\"\(matrixID)\" is not a user ID such as @admin:example.org")
            }
            if let emailAddress = contact.emailAddress {
                check(path + .key("email_address"), isEmailAddress(emailAddress), "\"\(emailAddress)\" is not an email address")
            }
        }
        if let page = support.supportPage {
            check("support.support_page", isWebURL(page), "\"\(page)\" is not a URL such as https://example.org/support")
        }
    }
}

extension Configuration.Registration {
    /// [Client-Server API, Token-authenticated registration](https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration)
    static let tokenLengthMax = 64
}

extension Configuration.Email {
    /// A day, in seconds.
    static let notificationDelayMax = 24 * 60 * 60
}

extension Configuration.Login {
    /// A hundred years, in seconds.
    static let lifetimeMax = 100 * 365 * 24 * 60 * 60
}

extension Configuration.Rooms {
    /// A year, in seconds.
    static let maxEventDelayMax = 365 * 24 * 60 * 60
}

extension Configuration.Store {
    static let blockCacheMin = ByteSize(mebibytes: 1)
}

/// Collects the problems of a configuration.
private struct ConfigurationCheck {
    var problems: [(path: ConfigurationPath, text: String)] = []

    /// Notes `problem` at `path` unless `holds`.
    mutating func callAsFunction(_ path: ConfigurationPath, _ holds: Bool, _ problem: @autoclosure () -> String) {
        if !holds { problems.append((path, "\(path): \(problem())")) }
    }
}

/// Whether `text` is an http or https URL with a host and without a query or fragment.
private func isWebURL(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let host = text.dropFirst(scheme.count).prefix { $0 != "/" }
    return ServerName(String(host)) != nil
        && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
}

/// Whether `text` is a path of one or more segments that need no encoding.
private func isPath(_ text: String) -> Bool {
    let segments = text.split(separator: "/", omittingEmptySubsequences: false)
    return segments.count >= 2 && segments[0].isEmpty
        && segments.dropFirst().allSatisfy { segment in
            !segment.isEmpty && segment.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._~-".utf8.contains($0) }
        }
}

private func isEmailAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.contains(where: \.isWhitespace) }
}

private func isLocalpart(_ text: String) -> Bool {
    !text.isEmpty && text == text.lowercased() && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._=-/+".utf8.contains($0) }
}

private func isRegistrationToken(_ text: String) -> Bool {
    1...Configuration.Registration.tokenLengthMax ~= text.utf8.count
        && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._~-".utf8.contains($0) }
}
