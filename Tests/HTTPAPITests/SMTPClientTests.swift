import Glibc
import NIOCore
import SMTP
import Store
import TestSupport
import Testing

/// The client for mail servers, with a real one.
@Suite struct SMTPClientTests {
    private static let message = MailMessage(
        to: "bob@example.org", subject: "A message", text: "Hello,\n\n.a line that begins with a dot\n.\nGrüße")

    private func client(
        _ port: Int, _ security: SMTPClient.Security = .none, host: String = "127.0.0.1",
        _ change: (inout SMTPClient.Settings) -> Void = { _ in }
    ) -> SMTPClient {
        var settings = SMTPClient.Settings(host: host, port: port, security: security, sender: "martlet@example.org")
        change(&settings)
        return SMTPClient(settings: settings, environment: .system(), timeout: .minutes(5))
    }

    /// The paths of a certificate for `localhost` and its key.
    private func certificate(in directory: TemporaryDirectory) throws -> (certificate: String, key: String) {
        let paths = ("\(directory.path)/certificate.pem", "\(directory.path)/key.pem")
        for (path, text) in [(paths.0, TestCertificate.chain), (paths.1, TestCertificate.privateKey)] {
            let file = try #require(fopen(path, "w"))
            fputs(text + "\n", file)
            fclose(file)
        }
        return paths
    }

    @Test func aMessageArrivesAsItIs() async throws {
        let server = try await MailServer()
        let client = client(server.port) { $0.senderName = "The \"server\"" }
        try await client.send(Self.message)
        let message = try await server.message(1)
        #expect(message.envelope == ["martlet@example.org", "bob@example.org"])
        #expect(message.text.hasPrefix(Self.message.text))
        #expect(message.headers["Subject"] == "A message" && message.headers["To"] == "bob@example.org")
        #expect(message.headers["From"] == "\"The server\" <martlet@example.org>")
        #expect(message.headers["Date"]?.hasSuffix(" GMT") == true)
        #expect(message.headers["Message-ID"]?.hasSuffix("@example.org>") == true)
        #expect(message.headers["List-Unsubscribe"] == nil)
    }

    /// RFC 8058.
    @Test func aMessageSaysHowToGetNoMore() async throws {
        let server = try await MailServer()
        let link = "https://example.org/unsubscribe?\(String(repeating: "a", count: 200))"
        try await client(server.port).send(MailMessage(to: "bob@example.org", subject: "A message", text: "Hello", unsubscribeLink: link))
        let message = try await server.message(1)
        #expect(message.headers["List-Unsubscribe"] == "<\(link)>")
        #expect(message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click")
    }

    @Test func aRefusedRecipientIsToldApart() async throws {
        let server = try await MailServer()
        for address in ["bob@refused.example", "bob", "b o b@example.org", "bob@example.org>\r\nRSET", "<bob@example.org>"] {
            let message = MailMessage(to: address, subject: "A message", text: "Hello")
            await #expect {
                try await client(server.port).send(message)
            } throws: { error in
                if case .refused = error as? OutgoingMailError { true } else { false }
            }
        }
        #expect(server.count == 0)
    }

    @Test func aServerThatIsNotThereIsAFailure() async throws {
        await #expect {
            try await client(1).send(Self.message)
        } throws: { error in
            if case .failed = error as? OutgoingMailError { true } else { false }
        }
    }

    @Test(arguments: [false, true]) func withTLS(_ startTLS: Bool) async throws {
        let directory = try TemporaryDirectory()
        let paths = try certificate(in: directory)
        var options = MailServer.Options()
        if startTLS {
            options.startTLS = paths
            options.login = ("name", "a secret")
        } else {
            options.tls = paths
        }
        let server = try await MailServer(options)
        let security: SMTPClient.Security = startTLS ? .startTLS : .tls
        try await client(server.port, security, host: "localhost") {
            $0.certificateAuthorities = [paths.certificate]
            if startTLS { ($0.username, $0.password) = ("name", "a secret") }
        }.send(Self.message)
        #expect(try await server.message(1).envelope.last == "bob@example.org")
        // Not with a certificate that nobody vouches for, and not with a wrong password.
        await #expect(throws: OutgoingMailError.self) { try await client(server.port, security, host: "localhost").send(Self.message) }
        if startTLS {
            await #expect(throws: OutgoingMailError.self) {
                try await client(server.port, security, host: "localhost") {
                    $0.certificateAuthorities = [paths.certificate]
                    ($0.username, $0.password) = ("name", "wrong")
                }.send(Self.message)
            }
        }
        #expect(server.count == 1)
    }

    @Test func withoutSTARTTLSNothingIsSent() async throws {
        let server = try await MailServer()
        await #expect(throws: OutgoingMailError.failed("the mail server has no STARTTLS")) {
            try await client(server.port, .startTLS).send(Self.message)
        }
    }
}
