extension Configuration {
    /// How people log in, and for how long.
    package struct Login: ConfigurationSection {
        /// Whether passwords open accounts.
        package var passwords = true
        /// Whether a device that is logged in can have another one logged in with a token.
        package var tokens = true
        /// How long the access tokens of clients are good that can refresh them, in seconds.
        package var refreshableAccessTokenLifetime = 5 * 60
        /// How long other access tokens are good, in seconds; nil for as long as the login.
        package var accessTokenLifetime: Int?
        /// How long a refresh token is good, in seconds; nil for as long as the login.
        package var refreshTokenLifetime: Int?
        /// With it people can log in with JSON Web Tokens.
        package var jwt: JWT?

        package init() {}

        package static let options: [ConfigurationOption<Login>] = [
            ConfigurationOption("passwords", \.passwords),
            ConfigurationOption("tokens", \.tokens),
            ConfigurationOption("refreshable_access_token_lifetime", \.refreshableAccessTokenLifetime),
            ConfigurationOption("access_token_lifetime", \.accessTokenLifetime),
            ConfigurationOption("refresh_token_lifetime", \.refreshTokenLifetime),
            ConfigurationOption("jwt", \.jwt),
        ]
    }

    /// How JSON Web Tokens are checked.
    package struct JWT: ConfigurationSection {
        /// What both sides know, or a public key as PEM.
        package var secret = ""
        package var algorithm = "HS256"
        /// The claim with the user's localpart.
        package var subjectClaim = "sub"
        package var issuer: String?
        package var audiences: [String] = []

        package init() {}

        package static let options: [ConfigurationOption<JWT>] = [
            ConfigurationOption("secret", \.secret),
            ConfigurationOption("algorithm", \.algorithm),
            ConfigurationOption("subject_claim", \.subjectClaim),
            ConfigurationOption("issuer", \.issuer),
            ConfigurationOption("audiences", \.audiences),
        ]

        /// The algorithms that there are (RFC 7518, section 3.1).
        static let algorithms = ["HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "EdDSA"]
    }
}
