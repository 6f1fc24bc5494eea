import Store

/// How people prove that an email address is theirs.
package struct EmailSettings: Sendable {
    /// What sends the messages.
    package var mail: any OutgoingMail
    /// Where clients reach the server from outside, without a slash at the end: messages have links that lead there.
    package var baseURL: String
    /// Whether nobody registers without an email address.
    package var isRequiredForRegistration: Bool
    /// For how long something is unread before a message tells of it, in milliseconds.
    package var notificationDelay: Int64 = 10 * 60 * 1000

    package init(mail: any OutgoingMail, baseURL: String, isRequiredForRegistration: Bool = false) {
        self.mail = mail
        self.baseURL = baseURL
        self.isRequiredForRegistration = isRequiredForRegistration
    }
}
