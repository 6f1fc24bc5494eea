/// The kinds of push rules, in the order in which they are checked ("Push Rules").
package enum PushRuleKind: String, CaseIterable, Sendable {
    case override
    case content
    /// Rules about threads, of which there are only those of the server (MSC4306).
    case postcontent
    case room
    case sender
    case underride

    /// Whether rules of the kind say themselves what they match.
    package var hasConditions: Bool { self == .override || self == .postcontent || self == .underride }
}
