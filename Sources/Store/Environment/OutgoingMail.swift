/// Email that the server sends to its users.
package protocol OutgoingMail: Sendable {
    /// Hands a message over to the mail server, which has it when this returns.
    ///
    /// - Throws: ``OutgoingMailError``.
    func send(_ message: MailMessage) async throws
}

/// A message to one person.
package struct MailMessage: Sendable, Hashable {
    /// The address, without a name.
    package let recipient: String
    /// One line of ASCII.
    package let subject: String
    /// Plain text, its lines ended by line feeds.
    package let text: String
    /// Where a `POST` has the recipient get no more messages like this one (RFC 8058); nil for messages that somebody has asked for.
    package let unsubscribeLink: String?

    package init(to recipient: String, subject: String, text: String, unsubscribeLink: String? = nil) {
        self.recipient = recipient
        self.subject = subject
        self.text = text
        self.unsubscribeLink = unsubscribeLink
    }
}

/// Why a message wasn't taken.
package enum OutgoingMailError: Error, Equatable {
    /// The mail server doesn't take messages to this recipient; the text is its answer.
    case refused(String)
    /// The mail server can't be reached, or something is wrong with it or with how it is to be used.
    case failed(String)
}
