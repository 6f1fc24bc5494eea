import CanonicalJSON
import Store

/// How far a user has been told of notifications by email, and when the next message may come.
package struct MailProgress: Sendable, Hashable {
    /// Up to which position of the rooms database.
    package var toldUpTo: Position
    /// When the last message was sent, in milliseconds since 1970; nil for never.
    package var sentAt: Int64?
    /// How long after the last message the next one may come, in milliseconds.
    package var pause: Int64

    package init(toldUpTo: Position, sentAt: Int64? = nil, pause: Int64 = 0) {
        self.toldUpTo = toldUpTo
        self.sentAt = sentAt
        self.pause = pause
    }

    var json: JSONObject {
        var json: JSONObject = ["told_up_to": .integer(toldUpTo.value), "pause": .integer(pause)]
        json["sent_ts"] = sentAt.map { .integer($0) }
        return json
    }

    init?(_ json: JSONObject) {
        guard let toldUpTo = json["told_up_to"]?.integerValue, let pause = json["pause"]?.integerValue else { return nil }
        self.init(toldUpTo: Position(toldUpTo), sentAt: json["sent_ts"]?.integerValue, pause: pause)
    }
}
