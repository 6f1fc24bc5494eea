import CanonicalJSON
import HTTPTypes
import Homeserver
import HummingbirdTesting
import Logging
import MatrixProtocol
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Store
import Testing

@testable import HTTPAPI

/// A server on a free port of the loopback address, and a client for it.
struct TestServer {
    let client: TestClient
    let addresses: [BoundAddress]
    let services: ServiceGroup

    /// Knows one token, `letmein`, of `@alice:example.org`, and another one, `letmeout`, whose time is over.
    struct OneToken: Authenticator {
        func authenticate(token: String, acceptsExpired: Bool) async throws -> Requester {
            guard token == "letmein" || token == "letmeout" && acceptsExpired else {
                throw MatrixError(.unknownToken, "Unknown access token")
            }
            return Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "PHONE")
        }
    }

    /// Endpoints given as a closure.
    struct Routes: RouteGroup {
        var resources: Set<Resource> = [.client]
        let enter: @Sendable (inout RouteTable) -> Void

        func add(to routes: inout RouteTable) { enter(&routes) }
    }

    /// Runs a server with these endpoints for as long as `body` takes, then stops it gracefully.
    static func run(
        groups: [any RouteGroup] = [], listeners: [Listener]? = nil, control: ControlAPI? = nil,
        stopGraceMilliseconds: Int64 = Limits.stopGraceMilliseconds, trustedProxies: TrustedProxies = .none,
        routes: @escaping @Sendable (inout RouteTable) -> Void = { _ in },
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .trace
        let (listening, continuation) = AsyncStream.makeStream(of: [BoundAddress].self)
        let server = HTTPServer(
            listeners: listeners ?? [Listener(addresses: ["127.0.0.1"], port: 0, resources: [.client])],
            groups: groups + [Routes(enter: routes)], control: control, authenticator: OneToken(), environment: .system(), logger: logger,
            trustedProxies: trustedProxies, stopGraceMilliseconds: stopGraceMilliseconds
        ) { addresses in
            continuation.yield(addresses)
        }
        let services = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await services.run()
            }
            if let addresses = await listening.first(where: { _ in true }) {
                let client = makeClient(port: try #require(addresses.first).port)
                do { try await body(TestServer(client: client, addresses: addresses, services: services)) } catch {
                    await services.triggerGracefulShutdown()
                    throw error
                }
                try await client.shutdown()
                await services.triggerGracefulShutdown()
            }
            try await group.waitForAll()
        }
    }

    /// Another connection to a port of the loopback address.
    static func makeClient(port: Int, host: String = "127.0.0.1", tls: TLSConfiguration? = nil, serverName: String? = nil) -> TestClient {
        // Where hundreds of tests begin at once, an answer takes its time.
        let configuration = TestClient.Configuration(tlsConfiguration: tls, timeout: .seconds(300), serverName: serverName)
        let client = TestClient(
            host: host, port: port, configuration: configuration, eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton))
        client.connect()
        return client
    }

    /// Sends a request; with `token` in its header.
    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestClient.Response {
        try await send(method, path, token: token, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    /// Sends a request whose body need not be text.
    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, headers: HTTPFields = [:], bytes: [UInt8]?
    ) async throws -> TestClient.Response {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await client.execute(
            TestClient.Request(path, method: method, headers: headers, body: bytes.map { ByteBuffer(bytes: $0) }))
    }
}

extension TestClient.Response {
    /// The body as a JSON object; empty if it is none.
    var json: JSONObject {
        (try? JSONValue(parsing: Array((body ?? ByteBuffer()).readableBytesView)))?.objectValue ?? [:]
    }

    var errcode: String? { json["errcode"]?.stringValue }
}
