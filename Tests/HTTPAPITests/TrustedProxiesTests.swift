import CanonicalJSON
import HTTPTypes
import NIOCore
import Testing

@testable import HTTPAPI

@Suite struct TrustedProxiesTests {
    private let loopback = TrustedProxies { ["127.0.0.1", "::1", "10.0.0.7"].contains($0) }

    private func client(_ forwarded: String..., from peer: String = "127.0.0.1", by proxies: TrustedProxies? = nil) throws -> String? {
        var headers = HTTPFields()
        for value in forwarded { headers.append(HTTPField(name: try #require(HTTPField.Name("X-Forwarded-For")), value: value)) }
        return (proxies ?? loopback).client(of: headers, from: try SocketAddress(ipAddress: peer, port: 4711))
    }

    @Test func aTrustedProxySaysWhoseRequestItIs() throws {
        #expect(try client("203.0.113.5") == "203.0.113.5")
        #expect(try client("2001:db8:0:0::1") == "2001:db8::1")
        #expect(try client("203.0.113.5", from: "::1") == "203.0.113.5")
        #expect(try client("203.0.113.5", from: "::ffff:127.0.0.1") == "203.0.113.5")
        #expect(try client("::ffff:203.0.113.5") == "203.0.113.5")
        #expect(try client("203.0.113.5:4711") == "203.0.113.5")
        #expect(try client("[2001:db8::1]:4711") == "2001:db8::1")
        #expect(try client() == "127.0.0.1")
    }

    @Test func whatStandsBeforeTheLastStrangerCountsForNothing() throws {
        #expect(try client("198.51.100.1, 203.0.113.5") == "203.0.113.5")
        #expect(try client("198.51.100.1", "203.0.113.5") == "203.0.113.5")
        #expect(try client("127.0.0.1,203.0.113.5") == "203.0.113.5")
        // A second proxy.
        #expect(try client("198.51.100.1, 203.0.113.5, 10.0.0.7") == "203.0.113.5")
        // All the way through proxies.
        #expect(try client("10.0.0.7, 127.0.0.1") == "10.0.0.7")
    }

    @Test func nothingIsBelievedOfStrangers() throws {
        #expect(try client("203.0.113.5", from: "198.51.100.9") == "198.51.100.9")
        #expect(try client("127.0.0.1", from: "::ffff:198.51.100.9") == "198.51.100.9")
        #expect(try client("203.0.113.5", by: TrustedProxies.none) == "127.0.0.1")
        #expect(loopback.client(of: [:], from: nil) == nil)
    }

    @Test func whatIsNoAddressEndsTheSearch() throws {
        for entry in ["unknown", "", "203.0.113.5, ", "203.0.113.5, _hidden", "1.2.3", "203.0.113.5; x"] {
            #expect(try client(entry) == "127.0.0.1", "\(entry)")
        }
        #expect(try client("junk, 203.0.113.5") == "203.0.113.5")
    }

    @Test(arguments: [true, false]) func requestsHaveTheirClientsAddress(isTrusted: Bool) async throws {
        let name = try #require(HTTPField.Name("X-Forwarded-For"))
        try await TestServer.run(trustedProxies: isTrusted ? loopback : .none) { routes in
            routes.get("/address", access: .open) { Answer(["address": .string($0.clientAddress ?? "")]) }
        } _: { server async throws in
            let response = try await server.send(.get, "/address", headers: [name: "198.51.100.1, 203.0.113.5"])
            #expect(response.json == ["address": isTrusted ? "203.0.113.5" : "127.0.0.1"])
        }
    }
}
