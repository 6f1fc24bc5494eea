import NIOCore
import NIOPosix
import NIOSSL
import Store

/// Hands messages over to a mail server by SMTP (RFC 5321), each over a connection of its own.
package struct SMTPClient: OutgoingMail {
    /// Where the mail server is, and how to use it.
    package struct Settings: Sendable {
        package var host: String
        package var port: Int
        package var security: Security
        /// With a name and a password the client authenticates itself (RFC 4954).
        package var username: String?
        package var password: String?
        /// The address that messages come from.
        package var sender: String
        /// The name that stands beside it.
        package var senderName: String?
        /// Paths of certificates, PEM, that are trusted beside the system's.
        package var certificateAuthorities: [String] = []

        package init(host: String, port: Int, security: Security, sender: String) {
            self.host = host
            self.port = port
            self.security = security
            self.sender = sender
        }
    }

    /// How the connection is protected.
    package enum Security: Sendable {
        /// Not at all.
        case none
        /// By `STARTTLS`, without which nothing is sent (RFC 3207).
        case startTLS
        /// By TLS from the beginning (RFC 8314).
        case tls
    }

    private let settings: Settings
    private let environment: Environment
    private let timeout: TimeAmount

    /// - Parameter timeout: how long connecting may take, and all that follows.
    package init(settings: Settings, environment: Environment, timeout: TimeAmount = .seconds(30)) {
        self.settings = settings
        self.environment = environment
        self.timeout = timeout
    }

    package func send(_ message: MailMessage) async throws {
        guard Self.isAddress(message.recipient) else { throw OutgoingMailError.refused("\(message.recipient) is no address") }
        do {
            let channel = try await connect()
            let timeout = channel.channel.eventLoop.scheduleTask(in: self.timeout) { channel.channel.close(promise: nil) }
            defer { timeout.cancel() }
            try await channel.executeThenClose { inbound, outbound in
                var session = SMTPSession(replies: SMTPReplies(inbound), outbound: outbound)
                try await session.begin()
                if settings.security == .startTLS {
                    try await session.startTLS()
                    let tls = try tlsContext()
                    try await channel.channel.eventLoop.flatSubmit {
                        TLSHandshake.begin(on: channel.channel) { try tlsHandler(tls) }
                    }.get()
                    try await session.greet()
                }
                if let username = settings.username, let password = settings.password {
                    try await session.authenticate(username, password)
                }
                try await session.send(bytes(of: message), from: settings.sender, to: message.recipient)
            }
        } catch let error as OutgoingMailError {
            throw error
        } catch {
            throw OutgoingMailError.failed("\(error)")
        }
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let tls = settings.security == .tls ? try tlsContext() : nil
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: settings.host, port: settings.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tlsHandler(tls)) }
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func tlsContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = settings.certificateAuthorities.map { .file($0) }
        return try NIOSSLContext(configuration: configuration)
    }

    private func tlsHandler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: settings.host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : settings.host)
    }

    /// Whether the text can be a mailbox as it stands in SMTP's commands: nothing that could end one.
    private static func isAddress(_ text: String) -> Bool {
        text.utf8.count <= 254 && text.contains("@") && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>".utf8.contains($0) }
    }

    /// The message as it is sent (RFC 5322).
    private func bytes(of message: MailMessage) -> [UInt8] {
        let now = environment.clock.now()
        let sender =
            settings.senderName.map { "\"\($0.filter { $0.isASCII && $0 != "\"" && $0 != "\\" })\" <\(settings.sender)>" }
            ?? settings.sender
        let domain = settings.sender.split(separator: "@").last.map(String.init) ?? settings.host
        var header = [
            "From: \(sender)", "To: \(message.recipient)", "Subject: \(message.subject)", "Date: \(InternetDate.text(second: now / 1000))",
            "Message-ID: <\(environment.random.alphanumeric(24))@\(domain)>", "MIME-Version: 1.0", "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
        ]
        if let link = message.unsubscribeLink {
            header += ["List-Unsubscribe: <\(link)>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
        }
        let lines = header + [""] + message.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.flatMap { Array($0.filter { $0 != "\r" && $0 != "\r\n" }.utf8) + Array("\r\n".utf8) }
    }
}
