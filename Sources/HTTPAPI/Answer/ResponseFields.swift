import HTTPTypes
import Store
import Synchronization

/// Makes the header fields of responses: those that every response has were put together once.
final class ResponseFields: Sendable {
    /// The fields that let web clients from any origin use the API ("Web Browser Clients").
    static let crossOrigin: HTTPFields = [
        .accessControlAllowOrigin: "*",
        .accessControlAllowMethods: "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        .accessControlAllowHeaders: "X-Requested-With, Content-Type, Authorization",
    ]

    private static let forJSON: HTTPFields = {
        var fields = crossOrigin
        fields[.contentType] = Answer.json
        return fields
    }()

    /// The second for which a date was written last, and the date.
    private let date = Mutex((second: Int64.min, text: ""))

    /// All fields of an answer.
    ///
    /// - Parameter now: milliseconds since 1970.
    func fields(for answer: Answer, now: Int64) -> HTTPFields {
        var fields = answer.contentType == Answer.json ? Self.forJSON : Self.crossOrigin
        if let contentType = answer.contentType, contentType != Answer.json { fields[.contentType] = contentType }
        // How long the others are is not known before they are sent.
        if answer.status != .noContent, answer.rest == nil {
            fields.append(HTTPField(name: .contentLength, value: String(answer.body.count)))
        }
        fields.append(HTTPField(name: .date, value: date(now: now)))
        if !answer.headers.isEmpty {
            for field in answer.headers { fields[field.name] = nil }
            fields.append(contentsOf: answer.headers)
        }
        return fields
    }

    private func date(now: Int64) -> String {
        let second = now / 1000
        return date.withLock { date in
            if date.second != second { date = (second, InternetDate.text(second: second)) }
            return date.text
        }
    }
}
