import NIOCore
import Testing

@testable import HTTPAPI

/// What no client sends that means well: the server answers or hangs up, and serves the next one.
@Suite struct HostileConnectionTests {
    @Test(arguments: [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /" + String(repeating: "a", count: Limits.headerListSizeMaxBytes * 2) + " HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: Limits.headerFieldSizeMaxBytes * 2) + "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: Limits.headerFieldCountMax * 2) + "\r\n",
    ])
    func refusesWhatIsNotHTTP(request: String) async throws {
        try await TestServer.run(groups: [HealthRoutes(health: { [] })]) { server async throws in
            let response = try? await RawConnection.exchange(request, port: server.addresses[0].port)
            #expect(response?.hasPrefix("HTTP/1.1 4") ?? true)
            #expect(try await server.send(.get, "/_martlet/health").status == .ok)
        }
    }

    @Test func answersPathsThatAreNoUTF8() async throws {
        try await TestServer.run { server async throws in
            let response = try await RawConnection.exchange(
                Array("GET /_matrix/".utf8) + [0xFF, 0xC3] + Array(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8),
                port: server.addresses[0].port)
            #expect(response.hasPrefix("HTTP/1.1 4"))
        }
    }

    @Test func answersRequestsThatDoNotWaitForEachOther() async throws {
        try await TestServer.run(groups: [HealthRoutes(health: { [] }), VersionsRoutes()]) { server async throws in
            let response = try await RawConnection.exchange(
                "GET /_martlet/health HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /_matrix/client/versions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                port: server.addresses[0].port)
            let statuses = response.split(separator: "\r\n").filter { $0.contains("HTTP/1.1 ") }.map { $0.suffix(while: { $0 != "}" }) }
            #expect(statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"])
        }
    }
}

extension Substring {
    fileprivate func suffix(while predicate: (Character) -> Bool) -> Substring {
        lastIndex { !predicate($0) }.map { self[index(after: $0)...] } ?? self
    }
}
