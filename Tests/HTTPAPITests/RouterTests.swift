import HTTPTypes
import MatrixProtocol
import Testing

@testable import HTTPAPI

@Suite struct RouterTests {
    private struct Pattern: RouteGroup {
        let routes: [(HTTPRequest.Method, String)]

        func add(to table: inout RouteTable) {
            for (method, path) in routes { table.add(method, path, access: .open) { _ in .empty } }
        }
    }

    /// What a request line means, as text.
    private func match(_ method: HTTPRequest.Method, _ path: String) throws(MatrixError) -> String {
        let router = Router(
            RouteTable([
                Pattern(routes: [
                    (.get, "/_matrix/client/v3/profile/{userId}"),
                    (.get, "/_matrix/client/v3/profile/{userId}/{keyName}"),
                    (.put, "/_matrix/client/v3/profile/{userId}/{keyName}"),
                    (.get, "/_matrix/client/v3/rooms/{roomId}/state/{eventType}"),
                    (.get, "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}"),
                    (.get, "/_matrix/client/v3/pushrules/"),
                    (.post, "/_matrix/client/v1/login/get_token"),
                    (.get, "/_matrix/media/v3/config"),
                    (.post, "/_matrix/media/v1/create"),
                    (.get, "/keys/latest"),
                    (.put, "/keys/{name}"),
                    (.get, "/keys/latest/list"),
                    (.get, "/keys/{name}/detail"),
                ])
            ]))
        switch try router.match(method, path[...]) {
        case .found(let route, let values): return ([route.path] + values).joined(separator: " ")
        case .wrongMethod(let allowed): return "only " + allowed.map(\.rawValue).joined(separator: ", ")
        case .unknown: return "unknown"
        }
    }

    @Test func findsAnEndpointAndItsParameters() throws {
        #expect(try match(.get, "/_matrix/client/v3/profile/@a:b") == "/_matrix/client/v3/profile/{userId} @a:b")
        #expect(
            try match(.put, "/_matrix/client/v3/profile/@a:b/displayname")
                == "/_matrix/client/v3/profile/{userId}/{keyName} @a:b displayname")
    }

    @Test func decodesSegmentsAfterTheSplit() throws {
        #expect(try match(.get, "/_matrix/client/v3/profile/%40a%2Fb%3Ac") == "/_matrix/client/v3/profile/{userId} @a/b:c")
        #expect(try match(.get, "/_matrix/client/v3/profile/a+b%25%C3%A9") == "/_matrix/client/v3/profile/{userId} a+b%é")
        #expect(try match(.get, "/%5Fmatrix/client/v3/profile/a") == "/_matrix/client/v3/profile/{userId} a")
    }

    @Test(arguments: ["%", "%4", "%zz", "%FF", "%C3", "%ED%A0%80"])
    func refusesInvalidEncoding(segment: String) throws {
        let error = #expect(throws: MatrixError.self) { try match(.get, "/_matrix/client/v3/profile/\(segment)") }
        #expect(error?.code == .invalidParameter)
        #expect(error?.status == 400)
    }

    @Test func knowsUnknownPaths() throws {
        for path in [
            "/", "", "*", "_matrix", "/_matrix", "/_matrix/client", "/_matrix/client/v3", "/_matrix/client/v3/unknown", "/_matrix/key",
        ] {
            #expect(try match(.get, path) == "unknown")
        }
        #expect(try match(.get, "/_matrix/client/v3/profile/@a:b/displayname/more") == "unknown")
        #expect(try match(.get, "/_matrix/client/v1/profile/@a:b") == "unknown")
    }

    @Test func knowsPathsWithOtherMethods() throws {
        #expect(try match(.delete, "/_matrix/client/v3/profile/@a:b") == "only GET")
        #expect(try match(.post, "/_matrix/client/v3/profile/@a:b/displayname") == "only GET, PUT")
    }

    @Test func takesHeadForGet() throws {
        #expect(try match(.head, "/_matrix/client/v3/profile/@a:b") == "/_matrix/client/v3/profile/{userId} @a:b")
        #expect(try match(.head, "/_matrix/client/v1/login/get_token") == "only POST")
    }

    @Test func takesOldVersionsForV3() throws {
        #expect(try match(.get, "/_matrix/client/r0/profile/@a:b") == "/_matrix/client/v3/profile/{userId} @a:b")
        for version in ["r0", "v1", "v3"] {
            #expect(try match(.get, "/_matrix/media/\(version)/config") == "/_matrix/media/v3/config")
            #expect(try match(.post, "/_matrix/media/\(version)/create") == "/_matrix/media/v1/create")
        }
    }

    @Test func ignoresATrailingSlash() throws {
        #expect(try match(.get, "/_matrix/client/v3/profile/@a:b/") == "/_matrix/client/v3/profile/{userId} @a:b")
        #expect(try match(.get, "/_matrix/client/v3/pushrules") == "/_matrix/client/v3/pushrules/")
        #expect(
            try match(.get, "/_matrix/client/v3/rooms/!r/state/m.room.name/")
                == "/_matrix/client/v3/rooms/{roomId}/state/{eventType} !r m.room.name")
    }

    @Test func keepsEmptySegments() throws {
        #expect(try match(.get, "/_matrix/client/v3/profile//displayname") == "/_matrix/client/v3/profile/{userId}/{keyName}  displayname")
        #expect(try match(.get, "//_matrix/client/v3/profile/@a:b") == "unknown")
    }

    @Test func prefersLiteralsButFindsParametersBehindThem() throws {
        #expect(try match(.get, "/keys/latest") == "/keys/latest")
        #expect(try match(.put, "/keys/latest") == "/keys/{name} latest")
        #expect(try match(.get, "/keys/latest/list") == "/keys/latest/list")
        #expect(try match(.get, "/keys/latest/detail") == "/keys/{name}/detail latest")
        #expect(try match(.delete, "/keys/latest") == "only GET, PUT")
    }
}
