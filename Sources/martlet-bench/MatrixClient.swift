import AsyncHTTPClient
import CanonicalJSON
import NIOCore

/// Requests to one homeserver, with one account's access token or none.
///
/// It adds as little as possible to what is measured: connections are kept, bodies are passed as buffers, and answers
/// are scanned, not decoded.
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

        /// The body of a success.
        func success() throws(RequestFailure) -> [UInt8] {
            guard (200..<300).contains(status) else {
                throw RequestFailure(status: status, body: body, request: "\(method) \(path)")
            }
            return body
        }
    }

    /// An answer larger than this is a failure.
    static let answerSizeMaxBytes = 1 << 30
    /// A request that is not answered by then has failed. Longer than a long poll.
    static let requestTimeout: TimeAmount = .seconds(120)

    private let http: HTTPClient
    private let baseURL: String
    private let headers: [(String, String)]

    /// - Parameter baseURL: scheme, host and port, without a slash at the end.
    init(http: HTTPClient, baseURL: String, accessToken: String? = nil) {
        self.http = http
        self.baseURL = baseURL
        let authorization = accessToken.map { [("Authorization", "Bearer \($0)")] } ?? []
        headers = [("Content-Type", "application/json")] + authorization
    }

    /// Sends a request and receives its whole answer.
    ///
    /// - Parameters:
    ///   - path: path and query, percent-encoded, from the slash on.
    ///   - body: JSON.
    func exchange(_ method: Method, _ path: String, body: ByteBuffer? = nil) async throws(RequestFailure) -> Answer {
        do {
            let request = try makeRequest(method, path, body: body)
            // The interface with futures: the one with async functions starts an unstructured task for each request, on threads of its own.
            let task = http.execute(
                request: request, delegate: ResponseAccumulator(request: request), deadline: .now() + Self.requestTimeout)
            let response = try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.fail(reason: CancellationError())
            }
            return Answer(
                method: method, path: path, status: response.status.code, server: response.headers["Server"].first,
                body: response.body.map { [UInt8]($0.readableBytesView) } ?? [])
        } catch {
            throw RequestFailure(transport: error, request: "\(method) \(path)")
        }
    }

    private func makeRequest(_ method: Method, _ path: String, body: ByteBuffer?) throws -> HTTPClient.Request {
        let url = baseURL + path
        let body = body.map { HTTPClient.Body.byteBuffer($0) }
        var request =
            switch method {
            case .get: try HTTPClient.Request(url: url, method: .GET, body: body)
            case .post: try HTTPClient.Request(url: url, method: .POST, body: body)
            case .put: try HTTPClient.Request(url: url, method: .PUT, body: body)
            }
        request.headers = .init(headers)
        return request
    }

    /// Sends a request and returns the body of its answer, which has to be a success.
    func request(_ method: Method, _ path: String, body: ByteBuffer? = nil) async throws(RequestFailure) -> [UInt8] {
        try await exchange(method, path, body: body).success()
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
