import CanonicalJSON
import HTTPTypes
import MatrixProtocol
import Store
import Testing

@testable import HTTPAPI

@Suite struct RequestTests {
    private struct Secret: Error {}

    private static let path = "/_matrix/client/v3/rooms/%21a%2Fb:c/state/m.room.name/%C3%A9?limit=3&via=x&via=y+z"

    @Sendable private static func routes(_ routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", access: .open) { request in
            Answer([
                "room": .string(try request.roomID("roomId").string), "key": .string(request.parameter("stateKey")),
                "limit": .integer(try request.query.integer("limit", in: 1...10) ?? 0),
                "via": .array(try request.query.strings("via").map { .string($0) }),
                "address": .string(request.clientAddress ?? ""),
            ])
        }
        routes.post("/_matrix/client/v3/echo", access: .user) { request in
            Answer(["user": .string(try request.requester.userID.string), "body": .object(try await request.body().object)])
        }
        routes.put("/_matrix/client/v3/echo", access: .open) { request in Answer(try await request.body().object) }
        routes.get("/_matrix/client/v3/whoami", access: .optional) { request in
            Answer(["user": request.optionalRequester.map { .string($0.userID.string) } ?? .null])
        }
        routes.get("/fail", access: .open) { _ in throw Secret() }
        routes.get("/unknown", access: .open) { _ in throw StoreError.outcomeUnknown("secret") }
        routes.get("/toolarge", access: .open) { _ in throw StoreError.commitTooLarge(writes: 5000, bytes: 0) }
        routes.get("/unavailable", access: .open) { _ in throw StoreError.unavailable("secret") }
        routes.get("/limited", access: .open) { _ in throw MatrixError(.limitExceeded, "Slow down", extra: ["retry_after_ms": 1001]) }
        routes.get("/elsewhere", access: .open) { _ in .redirect(to: "https://example.org/") }
        routes.get("/page", access: .open) { _ in .html("<p>Hello") }
    }

    @Test func readsPathAndQuery() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.get, Self.path)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            #expect(response.json == ["room": "!a/b:c", "key": "é", "limit": 3, "via": ["x", "y z"], "address": "127.0.0.1"])
        }
    }

    @Test func refusesWhatIsNoIdentifier() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            for path in ["/_matrix/client/v3/rooms/abc/state/t/k", "/_matrix/client/v3/rooms/!a%FF/state/t/k"] {
                let response = try await server.send(.get, path)
                #expect(response.status == .badRequest)
                #expect(response.errcode == "M_INVALID_PARAM")
            }
        }
    }

    @Test(arguments: ["/", "/_matrix/client/v9/x", "/_matrix/federation/v1/x", "/_matrix/key/x", "/_matrix/media/x", "/_synapse/x"])
    func answersUnknownPaths(path: String) async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.post, path)
            #expect(response.status == .notFound)
            #expect(response.errcode == "M_UNRECOGNIZED")
            #expect(response.headers[.accessControlAllowOrigin] == "*")
        }
    }

    @Test func answersWrongMethods() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.delete, "/_matrix/client/v3/echo")
            #expect(response.status == .methodNotAllowed)
            #expect(response.errcode == "M_UNRECOGNIZED")
            #expect(response.headers[.allow] == "OPTIONS, POST, PUT")
        }
    }

    @Test(arguments: ["/_matrix/client/v3/echo", "/nowhere", "/bad%FFencoding", "*"])
    func answersOptionsEverywhere(path: String) async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.options, path)
            #expect(response.status == .noContent)
            #expect(response.headers[.accessControlAllowOrigin] == "*")
            #expect(response.headers[.accessControlAllowMethods] == "GET, HEAD, POST, PUT, DELETE, OPTIONS")
            #expect(response.headers[.accessControlAllowHeaders] == "X-Requested-With, Content-Type, Authorization")
        }
    }

    @Test func answersHeadWithoutABody() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let get = try await server.send(.get, "/_matrix/client/v3/whoami")
            let head = try await server.send(.head, "/_matrix/client/v3/whoami")
            #expect(head.status == .ok)
            #expect(head.headers[.contentLength] == get.headers[.contentLength])
            #expect(head.body == nil)
            #expect(try await server.send(.get, "/_matrix/client/v3/whoami").status == .ok)
        }
    }

    @Test func takesTokensFromHeaderAndQuery() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let path = "/_matrix/client/r0/echo"
            #expect(try await server.send(.post, path, token: "letmein").json["user"] == "@alice:example.org")
            #expect(try await server.send(.post, path + "?access_token=letmein").status == .ok)
            #expect(try await server.send(.post, path, headers: [.authorization: "bearer letmein"]).status == .ok)
            #expect(try await server.send(.post, path + "?access_token=wrong", token: "letmein").status == .ok)

            for headers: HTTPFields in [[:], [.authorization: "Basic letmein"], [.authorization: "Bearer "], [.authorization: "letmein"]] {
                let response = try await server.send(.post, path, headers: headers)
                #expect(response.status == .unauthorized)
                #expect(response.errcode == "M_MISSING_TOKEN")
            }
            let unknown = try await server.send(.post, path, token: "wrong")
            #expect(unknown.status == .unauthorized)
            #expect(unknown.errcode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func anExpiredTokenIsGoodForLoggingOutAlone() async throws {
        try await TestServer.run(routes: { routes in
            routes.add(.post, "/leave", access: .leavingUser) { _ in .empty }
            routes.add(.post, "/stay", access: .user) { _ in .empty }
        }) { server async throws in
            #expect(try await server.send(.post, "/leave", token: "letmeout").status == .ok)
            #expect(try await server.send(.post, "/leave", token: "wrong").errcode == "M_UNKNOWN_TOKEN")
            #expect(try await server.send(.post, "/stay", token: "letmeout").errcode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func checksOptionalTokens() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            #expect(try await server.send(.get, "/_matrix/client/v3/whoami").json == ["user": .null])
            #expect(try await server.send(.get, "/_matrix/client/v3/whoami", token: "letmein").json == ["user": "@alice:example.org"])
            #expect(try await server.send(.get, "/_matrix/client/v3/whoami", token: "wrong").errcode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func authenticatesBeforeItReadsTheBody() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            #expect(try await server.send(.post, "/_matrix/client/v3/echo", body: "{").errcode == "M_MISSING_TOKEN")
            #expect(try await server.send(.post, "/_matrix/client/v3/echo", token: "wrong", body: "{").errcode == "M_UNKNOWN_TOKEN")
            #expect(try await server.send(.post, "/_matrix/client/v3/echo", token: "letmein", body: "{").errcode == "M_NOT_JSON")
        }
    }

    @Test(arguments: [
        ("{\"a\":1,}", "M_NOT_JSON"), ("{", "M_NOT_JSON"), ("nonsense", "M_NOT_JSON"), ("{} {}", "M_NOT_JSON"),
        ("{\"a\":NaN}", "M_NOT_JSON"),
        ("[]", "M_BAD_JSON"), ("\"text\"", "M_BAD_JSON"), ("null", "M_BAD_JSON"), ("5", "M_BAD_JSON"),
        (String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000), "M_BAD_JSON"),
    ])
    func refusesBadJSON(body: String, errcode: String) async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.put, "/_matrix/client/v3/echo", body: body)
            #expect(response.status == .badRequest)
            #expect(response.errcode == errcode)
        }
    }

    @Test func refusesBadUTF8() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(
                .put, "/_matrix/client/v3/echo", bytes: Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8))
            #expect(response.status == .badRequest)
            #expect(response.errcode == "M_NOT_JSON")
        }
    }

    @Test func takesAnEmptyBodyOfAPostForAnEmptyObject() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            #expect(try await server.send(.post, "/_matrix/client/v3/echo", token: "letmein").json["body"] == [:])
            #expect(try await server.send(.post, "/_matrix/client/v3/echo", token: "letmein", body: "").json["body"] == [:])
            #expect(try await server.send(.put, "/_matrix/client/v3/echo", body: "").errcode == "M_NOT_JSON")
        }
    }

    @Test func hidesWhatWentWrongInside() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.get, "/fail")
            #expect(response.status == .internalServerError)
            #expect(response.errcode == "M_UNKNOWN")
            #expect(response.json["error"]?.stringValue?.contains("Secret") == false)
        }
    }

    @Test func saysThatTheDatabaseCannotWrite() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            for (path, words) in [("/unknown", "may have been made or not"), ("/unavailable", "Nothing was changed")] {
                let response = try await server.send(.get, path)
                #expect(response.status == .serviceUnavailable)
                #expect(response.errcode == "M_UNKNOWN")
                let message = try #require(response.json["error"]?.stringValue)
                #expect(message.contains(words))
                #expect(!message.contains("secret"))
            }
        }
    }

    @Test func saysThatItIsTooMuchForOneCommit() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.get, "/toolarge")
            #expect(response.status == .contentTooLarge && response.errcode == "M_TOO_LARGE")
        }
    }

    @Test func saysWhenToTryAgain() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let response = try await server.send(.get, "/limited")
            #expect(response.status == .tooManyRequests)
            #expect(response.headers[.retryAfter] == "2")
            #expect(response.json["retry_after_ms"] == 1001)
        }
    }

    @Test func answersOtherThanJSON() async throws {
        try await TestServer.run(routes: Self.routes) { server async throws in
            let redirect = try await server.send(.get, "/elsewhere")
            #expect(redirect.status == .found)
            #expect(redirect.headers[.location] == "https://example.org/")
            let page = try await server.send(.get, "/page")
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(page.body.map { String(buffer: $0) } == "<p>Hello")
        }
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_825_599, "Tue, 29 Feb 2000 11:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func writesDates(second: Int64, text: String) {
        #expect(InternetDate.text(second: second) == text)
    }
}
