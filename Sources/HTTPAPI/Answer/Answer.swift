import CanonicalJSON
import HTTPTypes
import Homeserver
import MatrixProtocol

/// What a handler answers: a status, a body, and header fields beside those that every answer has.
package struct Answer: Sendable {
    package var status: HTTPResponse.Status
    /// Fields beside Content-Type, Content-Length, Date and those for other origins, which every answer gets.
    package var headers: HTTPFields
    /// The body's media type; nil if there is no body.
    package var contentType: String?
    package var body: [UInt8]
    /// What follows `body`, where the answer is made while it is sent.
    package private(set) var rest: AnswerInPieces?
    /// Makes the connection a WebSocket, in place of everything else.
    private(set) var upgrade: WebSocketUpgrade?

    package init(status: HTTPResponse.Status, contentType: String?, body: [UInt8], headers: HTTPFields = [:]) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// A JSON object.
    package init(_ object: JSONObject, status: HTTPResponse.Status = .ok) {
        self.init(json: object.encoded(), status: status)
    }

    /// Bytes that are JSON already.
    package init(json bytes: [UInt8], status: HTTPResponse.Status = .ok) {
        self.init(status: status, contentType: Self.json, body: bytes)
    }

    /// What a writer has written.
    package init(_ writer: JSONWriter, status: HTTPResponse.Status = .ok) {
        self.init(json: writer.bytes, status: status)
    }

    /// An answer that is made while it is sent, when it is larger than one piece.
    package init(_ pieces: AnswerInPieces) throws {
        var pieces = pieces
        self.init(json: try pieces.next() ?? [])
        if !pieces.isFinished { rest = pieces }
    }

    /// The beginning of a WebSocket.
    init(_ upgrade: WebSocketUpgrade) {
        self.init(status: .switchingProtocols, contentType: nil, body: [])
        self.upgrade = upgrade
    }

    /// `{}`, which is what an endpoint answers that has nothing to say.
    package static let empty = Answer([:])

    /// Sends the client to another place.
    package static func redirect(to location: String, status: HTTPResponse.Status = .found) -> Answer {
        Answer(status: status, contentType: nil, body: [], headers: [.location: location])
    }

    /// A page for people.
    package static func html(_ page: String, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, contentType: "text/html; charset=utf-8", body: Array(page.utf8))
    }

    static let json = "application/json"
}

extension Answer {
    /// The specification's form of an error ("Standard error response"). An error that says when to try again also says so in the
    /// `Retry-After` field, in whole seconds ("Rate limiting").
    init(_ error: MatrixError) {
        self.init(error.body, status: HTTPResponse.Status(code: error.status))
        if case .integer(let milliseconds)? = error.extra["retry_after_ms"], milliseconds >= 0 {
            headers[.retryAfter] = String(milliseconds / 1000 + (milliseconds % 1000 == 0 ? 0 : 1))
        }
    }
}
