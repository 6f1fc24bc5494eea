import AsyncHTTPClient
import CanonicalJSON
import TestSupport
import Testing

/// A client of the server under test: a person's logged-in device, or somebody without an account.
///
/// ```swift
/// let alice = try await server.newUser("alice")
/// let room = try await alice.createRoom()
/// try await alice.get("rooms", room, "state", "m.room.topic").fails(404, "M_NOT_FOUND")
/// ```
struct MatrixTestClient: Sendable {
    /// Paths that the specification names without a prefix lie here.
    static let clientAPI = "/_matrix/client/v3"
    /// Longer than any long poll of a test.
    private static let requestTimeoutSeconds: Int64 = 120

    /// Many connections, since tests run side by side and some of their requests wait. It lives as long as the tests.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        // A server that doesn't listen has been killed; the test knows when there is another one.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(configuration: configuration)
    }()

    /// `http://127.0.0.1:PORT`.
    let baseURL: String
    /// The user ID; empty without an account.
    var userID = ""
    /// The device ID; empty without an account.
    var deviceID = ""
    /// The access token that goes with every request.
    var accessToken: String?

    /// The same, with another access token.
    func with(accessToken: String?) -> MatrixTestClient {
        var client = self
        client.accessToken = accessToken
        return client
    }

    /// The same, on another server that has this account.
    func on(_ server: ServerProcess) -> MatrixTestClient {
        MatrixTestClient(baseURL: server.baseURL, userID: userID, deviceID: deviceID, accessToken: accessToken)
    }

    /// GET of a path below the client API; each segment is percent-encoded as a whole.
    func get(_ path: String..., query: [(String, String)] = [], api: String = clientAPI) async throws -> Response {
        try await request("GET", api + Self.encoded(path), query: query)
    }

    /// PUT of a JSON value.
    func put(_ path: String..., query: [(String, String)] = [], body: JSONValue, api: String = clientAPI) async throws -> Response {
        try await request("PUT", api + Self.encoded(path), query: query, body: body.encoded())
    }

    /// POST of a JSON value.
    func post(
        _ path: String..., query: [(String, String)] = [], body: JSONValue = [:], api: String = clientAPI
    ) async throws -> Response {
        try await request("POST", api + Self.encoded(path), query: query, body: body.encoded())
    }

    /// DELETE of a path.
    func delete(_ path: String..., api: String = clientAPI) async throws -> Response {
        try await request("DELETE", api + Self.encoded(path))
    }

    /// Any request: `target` is the path as it goes over the wire, `body` the bytes.
    func request(
        _ method: String, _ target: String, query: [(String, String)] = [], headers: KeyValuePairs<String, String> = [:],
        body: [UInt8]? = nil
    ) async throws -> Response {
        var url = baseURL + target
        if !query.isEmpty {
            url += "?" + query.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        }
        var request = HTTPClientRequest(url: url)
        request.method = .RAW(value: method)
        if let accessToken { request.headers.add(name: "Authorization", value: "Bearer \(accessToken)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let response = try await Self.http.execute(request, timeout: .seconds(Self.requestTimeoutSeconds))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Response(
            request: "\(method) \(target)", status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" },
            bytes: Array(bytes.readableBytesView))
    }

    private static func encoded(_ path: [String]) -> String {
        path.map { "/" + encoded($0) }.joined()
    }

    /// Percent-encoding of everything but the unreserved characters of RFC 3986.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
