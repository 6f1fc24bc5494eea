import CanonicalJSON
import Glibc
import NIOCore
import NIOPosix
import OutgoingRequests
import Store
import TestSupport
import Testing

@testable import HTTPAPI

/// Requests to other servers, made to one on the loopback address.
@Suite struct OutgoingHTTPClientTests {
    /// Runs a server that speaks TLS as `localhost` and says what it was asked.
    private func withServer(_ body: @Sendable (_ url: String, _ certificate: String) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let certificate = Listener.Certificate(chainPath: directory.path + "/cert.pem", privateKeyPath: directory.path + "/key.pem")
        try write(TestCertificate.chain, to: certificate.chainPath)
        try write(TestCertificate.privateKey, to: certificate.privateKeyPath)
        let address = try #require(try SocketAddress.makeAddressResolvingHost("localhost", port: 0).ipAddress)
        let listeners = [Listener(addresses: [address], port: 0, certificate: certificate, resources: [.client])]
        try await TestServer.run(
            listeners: listeners,
            routes: { routes in
                routes.add(.get, "/asked", access: .open) { request in
                    Answer(["token": .string(request.headers[.authorization] ?? "none")])
                }
                routes.add(.post, "/asked", access: .open) { request in Answer(["body": .object(try await request.body().object)]) }
                routes.add(.get, "/large", access: .open) { _ in Answer(["x": .string(String(repeating: "x", count: 100_000))]) }
                routes.add(.get, "/elsewhere", access: .open) { _ in .redirect(to: "/asked") }
            }
        ) { server async throws in
            try await body("https://localhost:\(server.addresses[0].port)", certificate.chainPath)
        }
    }

    private func client(trusting certificates: [String], isDenied: @escaping @Sendable (String) -> Bool = { _ in false })
        -> OutgoingHTTPClient
    {
        OutgoingHTTPClient(certificateAuthorities: certificates, isDenied: isDenied, isPrivate: { _ in false })
    }

    /// Such as a push gateway on the machine itself.
    @Test func withoutTLSOnlyPrivateAddressesAreAskedThatAreNotDenied() async throws {
        try await TestServer.run(routes: { $0.add(.post, "/notify", access: .open) { _ in .empty } }) { server async throws in
            let url = "http://127.0.0.1:\(server.addresses[0].port)/notify"
            let request = OutgoingRequest(url: url, body: Array("{}".utf8))
            func client(isDenied: Bool, isPrivate: Bool) -> OutgoingHTTPClient {
                OutgoingHTTPClient(certificateAuthorities: [], isDenied: { _ in isDenied }, isPrivate: { _ in isPrivate })
            }
            let open = client(isDenied: false, isPrivate: true)
            #expect(try await open.answer(to: request).status == 200)
            #expect(await open.allowsPlainHTTP(to: url))
            for url in [url.replacing("http:", with: "https:"), url.replacing("http:", with: "ftp:"), "http:///notify"] {
                #expect(await !open.allowsPlainHTTP(to: url))
            }
            for closed in [client(isDenied: true, isPrivate: true), client(isDenied: false, isPrivate: false)] {
                #expect(await !closed.allowsPlainHTTP(to: url))
                await #expect(throws: OutgoingHTTPError.notAllowed) { try await closed.answer(to: request) }
            }
        }
    }

    @Test func requestsAreMadeAndAnswersRead() async throws {
        try await withServer { url, certificate in
            let client = client(trusting: [certificate])
            let answer = try await client.answer(to: OutgoingRequest(url: url + "/asked", accessToken: "abc"))
            #expect(answer.status == 200)
            #expect(try JSONValue(parsing: answer.body) == ["token": "Bearer abc"])
            let body = JSONObject(dictionaryLiteral: ("a", 1)).encoded()
            let posted = try await client.answer(to: OutgoingRequest(url: url + "/asked", body: body))
            #expect(try JSONValue(parsing: posted.body) == ["body": ["a": 1]])
            #expect(try await client.answer(to: OutgoingRequest(url: url + "/unknown")).status == 404)
            #expect(try await client.answer(to: OutgoingRequest(url: url + "/elsewhere")).status == 302)
            await #expect(throws: OutgoingHTTPError.self) { try await client.answer(to: OutgoingRequest(url: url + "/large")) }
        }
    }

    /// They could lead elsewhere for who makes the connection than for who looks at the address.
    @Test(arguments: [
        "https://ex%61mple.org/", "https://b\u{fc}cher.example/", "https://a b/", "https://a@b/", "http://a@b/", "https:///",
    ])
    func hostsThatCanBeReadTwoWaysAreNotAllowed(_ url: String) async throws {
        let client = client(trusting: [])
        await #expect(throws: OutgoingHTTPError.notAllowed) { try await client.answer(to: OutgoingRequest(url: url)) }
    }

    @Test func nobodyIsTrustedWithoutACertificate() async throws {
        try await withServer { url, _ in
            await #expect(throws: OutgoingHTTPError.self) {
                try await client(trusting: []).answer(to: OutgoingRequest(url: url + "/asked"))
            }
        }
    }

    @Test func deniedAddressesAreNotAsked() async throws {
        try await withServer { url, certificate in
            let client = client(trusting: [certificate], isDenied: { $0 == "127.0.0.1" || $0 == "::1" })
            for url in [url, url.replacing("localhost", with: "127.0.0.1"), url.replacing("localhost", with: "[::1]")] {
                await #expect(throws: OutgoingHTTPError.notAllowed) { try await client.answer(to: OutgoingRequest(url: url + "/asked")) }
            }
        }
    }

    @Test(arguments: [
        "http://localhost/", "ftp://localhost/", "https://", "https:///x", "https://user:password@localhost/", "https://[::1/",
    ])
    func otherURLsAreNotAllowed(_ url: String) async {
        await #expect(throws: OutgoingHTTPError.notAllowed) { try await client(trusting: []).answer(to: OutgoingRequest(url: url)) }
    }

    @Test func whoIsNotThereDoesNotAnswer() async {
        await #expect(throws: OutgoingHTTPError.self) {
            try await client(trusting: []).answer(to: OutgoingRequest(url: "https://name.invalid/"))
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }
}
