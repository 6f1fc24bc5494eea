import Glibc
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import HTTPAPI

@Suite struct ListenerTests {
    @Test func servesEachListenerItsResources() async throws {
        let listeners = [
            Listener(addresses: ["127.0.0.1", "127.0.0.1"], port: 0, resources: [.client]),
            Listener(addresses: ["127.0.0.1"], port: 0, resources: [.federation, .metrics]),
        ]
        let groups = [
            TestServer.Routes(resources: [.client]) { $0.get("/client", access: .open) { _ in .empty } },
            TestServer.Routes(resources: [.federation]) { $0.get("/federation", access: .open) { _ in .empty } },
        ]
        try await TestServer.run(groups: groups, listeners: listeners) { server async throws in
            #expect(Set(server.addresses.map(\.port)).count == 3)
            for (address, found, missing) in [
                (server.addresses[0], "/client", "/federation"), (server.addresses[1], "/client", "/federation"),
                (server.addresses[2], "/federation", "/client"),
            ] {
                let client = TestServer.makeClient(port: address.port)
                #expect(try await client.get(found).status == .ok)
                #expect(try await client.get(missing).status == .notFound)
                try await client.shutdown()
            }
        }
    }

    @Test func saysWhyItCannotListen() async throws {
        try await TestServer.run { server async throws in
            let port = server.addresses[0].port
            let listeners = [Listener(addresses: ["127.0.0.1"], port: port, resources: [.client])]
            let error = await #expect(throws: ListenerError.self) { try await TestServer.run(listeners: listeners) { _ in } }
            #expect(error?.description == "cannot listen on 127.0.0.1 port \(port): the port is in use")
        }
        let foreign = [Listener(addresses: ["127.0.0.1", "2001:db8::1"], port: 0, resources: [.client])]
        let error = await #expect(throws: ListenerError.self) { try await TestServer.run(listeners: foreign) { _ in } }
        #expect(error?.description.hasPrefix("cannot listen on [2001:db8::1] port 0: this machine ") == true)
    }

    @Test func speaksTLS() async throws {
        let directory = try TemporaryDirectory()
        let certificate = Listener.Certificate(chainPath: directory.path + "/cert.pem", privateKeyPath: directory.path + "/key.pem")
        try write(TestCertificate.chain, to: certificate.chainPath)
        try write(TestCertificate.privateKey, to: certificate.privateKeyPath)
        let listeners = [Listener(addresses: ["127.0.0.1"], port: 0, certificate: certificate, resources: [.client])]
        try await TestServer.run(groups: [VersionsRoutes()], listeners: listeners) { server async throws in
            #expect(server.addresses[0].description == "https://127.0.0.1:\(server.addresses[0].port)")
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate.chainPath))
            let client = TestServer.makeClient(port: server.addresses[0].port, tls: tls, serverName: "localhost")
            for _ in 0..<2 { #expect(try await client.get("/_matrix/client/versions").status == .ok) }
            try await client.shutdown()
        }
    }

    @Test func saysWhichCertificateItCannotUse() async throws {
        let directory = try TemporaryDirectory()
        let certificate = Listener.Certificate(chainPath: directory.path + "/missing.pem", privateKeyPath: directory.path + "/key.pem")
        let listeners = [Listener(addresses: ["127.0.0.1"], port: 0, certificate: certificate, resources: [.client])]
        let error = await #expect(throws: ListenerError.self) { try await TestServer.run(listeners: listeners) { _ in } }
        #expect(error?.description.hasPrefix("cannot use \(certificate.chainPath) for TLS: ") == true)
    }

    @Test func sendsSmallPacketsAtOnce() async throws {
        try await TestServer.run(
            routes: { routes in
                routes.get("/nodelay", access: .open) { request in
                    let option = try await request.channel?.getOption(.tcpOption(.tcp_nodelay)).get()
                    return Answer(["nodelay": .bool(option == 1)])
                }
            }
        ) { server async throws in
            #expect(try await server.send(.get, "/nodelay").json == ["nodelay": true])
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }
}
