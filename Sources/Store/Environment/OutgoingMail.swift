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

    package init(to recipient: String, subject: String, text: String) {
        self.recipient = recipient
        self.subject = subject
        self.text = text
    }
}

/// Why a message wasn't taken.
package enum OutgoingMailError: Error, Equatable {
    /// The mail server doesn't take messages to this recipient; the text is its answer.
    case refused(String)
    /// The mail server can't be reached, or something is wrong with it or with how it is to be used.
    case failed(String)
}
