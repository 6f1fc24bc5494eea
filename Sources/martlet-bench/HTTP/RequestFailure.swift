import CanonicalJSON

/// Why a request did not get the answer that it should have got. Failures with the same reason are equal, so that they can be counted.
struct RequestFailure: Error, CustomStringConvertible {
    /// Short and free of identifiers: `HTTP 429 M_LIMIT_EXCEEDED`, `timeLimit`, `no event_id in the answer`.
    let reason: String
    /// The request, and what the server said; empty where the reason says all.
    var detail: String = ""

    var description: String { detail.isEmpty ? reason : "\(reason) (\(detail))" }

    init(_ reason: String) {
        self.reason = reason
    }

    /// An answer with another status than success.
    init(status: UInt, body: [UInt8], request: String) {
        let error = (try? JSONValue(parsing: body))?.objectValue
        let code = error?["errcode"]?.stringValue
        reason = "HTTP \(status)" + (code.map { " \($0)" } ?? "")
        detail = request + (error?["error"]?.stringValue.map { ": \($0)" } ?? "")
    }

    /// No answer at all: no connection, a closed one, a time limit.
    init(transport error: any Error, request: String) {
        reason = "\(error)"
        detail = request
    }
}

extension RequestFailure: Hashable {
    static func == (left: RequestFailure, right: RequestFailure) -> Bool {
        left.reason == right.reason
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(reason)
    }
}
