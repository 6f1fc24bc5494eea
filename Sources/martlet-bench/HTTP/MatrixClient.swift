import CanonicalJSON
import NIOCore
import NIOHTTP1

/// Requests to one homeserver, with one account's access token or none.
///
/// It adds as little as possible to what is measured: bodies are passed as buffers, and answers are scanned, not decoded.
struct MatrixClient: Sendable {
    enum Method: Sendable {
        case get, post, put
    }

    /// A whole answer, whatever its status.
    struct Answer: Sendable {
        let method: Method
        let path: String
        let status: UInt
        let server: String?
        let body: [UInt8]
        /// When the request was handed to the system, and when the answer's last byte was read.
        let times: (sent: NIODeadline, arrived: NIODeadline)

        /// The body of a success.
        func success() throws(RequestFailure) -> [UInt8] {
            guard (200..<300).contains(status) else {
                throw RequestFailure(status: status, body: body, request: "\(method) \(path)")
            }
            return body
        }
    }

    private let connections: Connections
    private let server: ServerAddress
    private let headers: HTTPHeaders

    init(_ connections: Connections, server: ServerAddress, accessToken: String? = nil) {
        self.connections = connections
        self.server = server
        let authorization = accessToken.map { [("Authorization", "Bearer \($0)")] } ?? []
        headers = HTTPHeaders([("Host", server.hostField), ("Content-Type", "application/json")] + authorization)
    }

    /// Sends a request and receives its whole answer.
    ///
    /// - Parameters:
    ///   - path: path and query, percent-encoded, from the slash on.
    ///   - body: JSON.
    func exchange(_ method: Method, _ path: String, body: ByteBuffer? = nil) async throws(RequestFailure) -> Answer {
        do {
            let answer = try await connections.exchange(head(method, path, body: body), body, with: server)
            return Answer(
                method: method, path: path, status: answer.head.status.code, server: answer.head.headers["Server"].first,
                body: [UInt8](answer.body.readableBytesView), times: answer.times)
        } catch {
            throw RequestFailure(transport: error, request: "\(method) \(path)")
        }
    }

    private func head(_ method: Method, _ path: String, body: ByteBuffer?) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method.http, uri: path, headers: headers)
        if method != .get { head.headers.add(name: "Content-Length", value: "\(body?.readableBytes ?? 0)") }
        return head
    }

    /// Sends a request and returns the body of its answer, which has to be a success.
    func request(_ method: Method, _ path: String, body: ByteBuffer? = nil) async throws(RequestFailure) -> [UInt8] {
        try await exchange(method, path, body: body).success()
    }
}

extension MatrixClient.Method {
    fileprivate var http: HTTPMethod {
        switch self {
        case .get: .GET
        case .post: .POST
        case .put: .PUT
        }
    }
}

extension ByteBuffer {
    init(json: JSONObject) {
        self.init(bytes: JSONValue.object(json).encoded())
    }
}

extension String {
    /// The string with everything but RFC 3986's unreserved characters percent-encoded: one path segment or one query value.
    var percentEncoded: String {
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
