/// What a client sends to have somebody prove that an email address is theirs (the endpoints that end in `/email/requestToken`).
package struct EmailValidationRequest: Sendable {
    package var clientSecret: String
    package var email: String
    /// A higher number has another message sent.
    package var sendAttempt: Int64
    /// Where the page leads on that the message leads to.
    package var nextLink: String?
    /// Where the request comes from.
    package var address: String?

    package init(clientSecret: String, email: String, sendAttempt: Int64, nextLink: String? = nil, address: String? = nil) {
        self.clientSecret = clientSecret
        self.email = email
        self.sendAttempt = sendAttempt
        self.nextLink = nextLink
        self.address = address
    }
}
