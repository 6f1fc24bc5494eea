import HTTPTypes
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
            if date.second != second { date = (second, HTTPDate.text(second: second)) }
            return date.text
        }
    }
}

/// Dates in the form of HTTP header fields (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The date, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter second: seconds since 1970, not negative.
    static func text(second: Int64) -> String {
        let (days, time) = second.quotientAndRemainder(dividingBy: 86_400)
        // Counts from the first of March of the year 0, so that the leap day ends the year; a cycle of 400 years has 146,097 days.
        let (cycle, dayOfCycle) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
        let clock = [time / 3_600, time / 60 % 60, time % 60].map(twoDigits).joined(separator: ":")
        return "\(weekdays[Int(days % 7)]), \(twoDigits(day)) \(months[Int(month - 1)]) \(year) \(clock) GMT"
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
