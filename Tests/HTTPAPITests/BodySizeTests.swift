import HTTPTypes
import HummingbirdTesting
import Testing

@testable import HTTPAPI

@Suite struct BodySizeTests {
    @Sendable private static func routes(_ routes: inout RouteTable) {
        routes.post("/small", access: .open, bodySizeMaxBytes: 100) { request in Answer(try await request.body().object) }
        routes.post("/open", access: .open) { request in Answer(["size": .integer(Int64(try await request.bodyBytes().count))]) }
        routes.post("/user", access: .user) { request in Answer(["size": .integer(Int64(try await request.bodyBytes().count))]) }
        routes.post("/optional", access: .optional) { request in Answer(["size": .integer(Int64(try await request.bodyBytes().count))]) }
        routes.post("/twice", access: .open) { request in
            _ = try await request.bodyBytes()
            return Answer(try await request.body().object)
        }
    }

    @Test func refusesLargeBodiesAndGoesOn() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.post, "/small", body: "{\"a\":\"\(String(repeating: "x", count: 100))\"}")
            #expect(response.status == .contentTooLarge)
            #expect(response.errcode == "M_TOO_LARGE")
            #expect(try await server.send(.post, "/small", body: "{\"a\":1}").json == ["a": 1])
        }
    }

    @Test func givesUsersMoreThanStrangers() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let body = String(repeating: "x", count: Limits.openBodySizeMaxBytes + 1)
            #expect(try await server.send(.post, "/open", body: body).errcode == "M_TOO_LARGE")
            #expect(try await server.send(.post, "/optional", body: body).errcode == "M_TOO_LARGE")
            #expect(try await server.send(.post, "/open", body: String(body.dropLast())).json["size"] == .integer(Int64(body.count - 1)))
            #expect(try await server.send(.post, "/user", token: "letmein", body: body).json["size"] == .integer(Int64(body.count)))
            let large = String(repeating: "x", count: Limits.bodySizeMaxBytes + 1)
            #expect(try await server.send(.post, "/user", token: "letmein", body: large).errcode == "M_TOO_LARGE")
        }
    }

    @Test func countsBodiesThatComeInChunks() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let large = String(repeating: "x", count: 200)
            let response = try await RawConnection.exchange(
                "POST /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n\(large)\r\n0\r\n\r\n",
                port: server.addresses[0].port)
            #expect(response.hasPrefix("HTTP/1.1 413 "))
            #expect(response.contains("M_TOO_LARGE"))
        }
    }

    @Test func givesTheBodyTwice() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            #expect(try await server.send(.post, "/twice", body: "{\"a\":1}").json == ["a": 1])
        }
    }

    @Test func tellsClientsThatAskToContinue() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await RawConnection.exchange(
                "POST /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
                port: server.addresses[0].port)
            #expect(response.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        }
    }
}
