import AsyncHTTPClient
import NIOCore
import NIOSSL
import Store

/// Makes the requests that users of this server cause, and only to addresses that are not denied.
///
/// A name is resolved first, its address is looked at, and the connection goes to that: what the name leads to in the meantime makes no difference.
/// Without TLS requests go to private addresses alone.
package struct OutgoingHTTPClient: OutgoingHTTP {
    /// Whether no requests are made to an IP address.
    private let isDenied: @Sendable (String) -> Bool
    /// Whether an IP address is none of the public internet's.
    private let isPrivate: @Sendable (String) -> Bool
    /// Paths of certificates, PEM, that are trusted beside the system's.
    private let certificateAuthorities: [String]

    /// How long a request may take.
    private static let timeout = TimeAmount.seconds(10)
    /// The largest answer.
    private static let answerSizeMaxBytes = 64 << 10

    package init(
        certificateAuthorities: [String], isDenied: @escaping @Sendable (String) -> Bool, isPrivate: @escaping @Sendable (String) -> Bool
    ) {
        self.certificateAuthorities = certificateAuthorities
        self.isDenied = isDenied
        self.isPrivate = isPrivate
    }

    package func allowsPlainHTTP(to url: String) async -> Bool {
        guard let url = OutgoingURL(url), !url.isSecure else { return false }
        return (try? await allowedAddress(of: url)) != nil
    }

    package func answer(to request: OutgoingRequest) async throws -> OutgoingAnswer {
        let outgoing: HTTPClientRequest = {
            var outgoing = HTTPClientRequest(url: request.url)
            if let token = request.accessToken { outgoing.headers.add(name: "Authorization", value: "Bearer \(token)") }
            if let body = request.body {
                outgoing.method = .POST
                outgoing.headers.add(name: "Content-Type", value: "application/json")
                outgoing.body = .bytes(body)
            }
            return outgoing
        }()
        guard let url = OutgoingURL(request.url) else { throw OutgoingHTTPError.notAllowed }
        let address = try await allowedAddress(of: url)
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.dnsOverride = [url.host: address]
        configuration.connectionPool.retryConnectionEstablishment = false
        if !certificateAuthorities.isEmpty {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = certificateAuthorities.map { .file($0) }
            configuration.tlsConfiguration = tls
        }
        // The address is the connection pool's, so there is a pool for each request; there are few of these.
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome: Result<OutgoingAnswer, any Error>
        do {
            let response = try await client.execute(outgoing, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.answerSizeMaxBytes)
            outcome = .success(OutgoingAnswer(status: Int(response.status.code), body: Array(body.readableBytesView)))
        } catch {
            outcome = .failure(OutgoingHTTPError.failed("\(error)"))
        }
        try? await client.shutdown()
        return try outcome.get()
    }

    /// The address that the URL's host leads to, if requests may go there.
    private func allowedAddress(of url: OutgoingURL) async throws -> String {
        guard let address = try await NameResolver.shared.address(of: url.host), !isDenied(address), url.isSecure || isPrivate(address)
        else { throw OutgoingHTTPError.notAllowed }
        return address
    }
}
