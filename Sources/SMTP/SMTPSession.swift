import MatrixProtocol
import NIOCore
import Store

/// A conversation with a mail server.
struct SMTPSession {
    private var replies: SMTPReplies
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// What the server can, by the first word in capitals.
    private var extensions: [String: String] = [:]

    init(replies: SMTPReplies, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.replies = replies
        self.outbound = outbound
    }

    /// Waits for the server's greeting, and answers it.
    mutating func begin() async throws {
        let greeting = try await replies.next()
        guard greeting.code == 220 else { throw OutgoingMailError.failed(greeting.text) }
        try await greet()
    }

    /// Says who is there, and learns what the server can.
    mutating func greet() async throws {
        let reply = try await command("EHLO [127.0.0.1]")
        extensions = Dictionary(
            reply.lines.dropFirst().map { line in
                let words = line.split(separator: " ", maxSplits: 1)
                return (words.first?.uppercased() ?? "", words.dropFirst().first.map(String.init) ?? "")
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Has the server expect TLS.
    mutating func startTLS() async throws {
        guard extensions["STARTTLS"] != nil else { throw OutgoingMailError.failed("the mail server has no STARTTLS") }
        try await command("STARTTLS")
    }

    /// Authenticates the client by name and password (RFC 4954), with `PLAIN`, or else `LOGIN`.
    mutating func authenticate(_ username: String, _ password: String) async throws {
        let mechanisms = (extensions["AUTH"] ?? "").split(separator: " ").map { $0.uppercased() }
        if mechanisms.contains("PLAIN") {
            try await command("AUTH PLAIN \(Self.base64("\0\(username)\0\(password)"))", secret: true)
        } else if mechanisms.contains("LOGIN") {
            try await command("AUTH LOGIN")
            try await command(Self.base64(username), secret: true)
            try await command(Self.base64(password), secret: true)
        } else {
            throw OutgoingMailError.failed("the mail server takes no password")
        }
    }

    /// Sends a message, and says good-bye.
    ///
    /// - Parameter message: its lines, each ended by carriage return and line feed.
    mutating func send(_ message: [UInt8], from sender: String, to recipient: String) async throws {
        try await command("MAIL FROM:<\(sender)>")
        let reply = try await say("RCPT TO:<\(recipient)>")
        guard reply.isPositive else { throw OutgoingMailError.refused(reply.text) }
        try await command("DATA")
        var text = ByteBuffer()
        // A line that is one dot would end the message, so dots at the beginning are doubled (section 4.5.2).
        var isBeginningOfLine = true
        for byte in message {
            if isBeginningOfLine, byte == UInt8(ascii: ".") { text.writeInteger(byte) }
            text.writeInteger(byte)
            isBeginningOfLine = byte == UInt8(ascii: "\n")
        }
        text.writeString(".\r\n")
        try await outbound.write(text)
        let outcome = try await replies.next()
        guard outcome.isPositive else { throw OutgoingMailError.refused(outcome.text) }
        // The message is delivered, whatever the server says to this.
        _ = try? await say("QUIT")
    }

    /// Says something that the server has to agree to.
    ///
    /// - Parameter isSecret: whether the line is not to be seen in an error.
    @discardableResult
    private mutating func command(_ line: String, secret isSecret: Bool = false) async throws -> SMTPReply {
        let reply = try await say(line)
        guard reply.isPositive else { throw OutgoingMailError.failed("\(isSecret ? "authentication" : line): \(reply.text)") }
        return reply
    }

    private mutating func say(_ line: String) async throws -> SMTPReply {
        try await outbound.write(ByteBuffer(string: line + "\r\n"))
        return try await replies.next()
    }

    private static func base64(_ text: String) -> String {
        let encoded = Base64.encode(Array(text.utf8))
        return encoded + String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
    }
}
