package import CanonicalJSON

/// An event as push rules see it.
package struct PushEvent: Sendable {
    package let roomID: RoomID
    package let sender: UserID
    /// The event as clients know it: its ID and its room are in it, whatever the room's version.
    let json: JSONObject
    /// The text of a message.
    let body: String?

    /// - Parameter json: the event, at least with its `type`, `sender` and `content`.
    package init(_ json: JSONObject, id: EventID?, roomID: RoomID, sender: UserID) {
        var json = json
        json["room_id"] = .string(roomID.string)
        json["event_id"] = id.map { .string($0.string) }
        self.json = json
        self.roomID = roomID
        self.sender = sender
        body = PropertyPath.body.value(in: json)?.stringValue
    }

    /// The root of the thread that it says it is in.
    var thread: EventID? {
        guard let relation = json["content"]?.objectValue.flatMap({ Relation($0) }), relation.type == Relation.thread else { return nil }
        return relation.target
    }

    /// Whether the sender's client says whom the event mentions ("User and room mentions").
    var hasMentions: Bool { json["content"]?.objectValue?["m.mentions"]?.objectValue != nil }
}

/// What push rules ask of a room and of the user whose rules they are in it. Each is asked only where a rule depends on it.
package protocol PushRoom {
    /// How many users are joined.
    func memberCount() throws -> Int
    /// The user's display name in the room.
    func displayName() throws -> String?
    /// Whether somebody has the power to notify others in this way, such as `room`.
    func canNotify(_ sender: UserID, _ kind: String) throws -> Bool
    /// Whether the user follows the thread; nil for somebody who has never said so of any thread.
    func isSubscribed(to thread: EventID) throws -> Bool?
}

/// A user's push rules, ready to be held against events.
package struct PushEvaluator: Sendable {
    private struct Rule: Sendable {
        let actions: [JSONValue]
        let conditions: [PushCondition]
        /// Whether it is for events only that don't say whom they mention.
        let isForLegacyMentions: Bool
    }

    private let user: UserID
    /// Those that can match anything, in the order in which they are checked.
    private let rules: [Rule]

    /// The rules of a user.
    package init(_ ruleset: PushRuleset, of user: UserID) {
        self.user = user
        rules = PushRuleKind.allCases.flatMap { kind in
            ruleset[kind].compactMap { rule in
                guard rule.isEnabled, let conditions = Self.conditions(of: rule, kind) else { return nil }
                return Rule(
                    actions: rule.actions, conditions: conditions,
                    isForLegacyMentions: PredefinedPushRules.legacyMentions.contains(rule.id))
            }
        }
    }

    /// What a rule asks; nil for one that matches nothing.
    private static func conditions(of rule: PushRule, _ kind: PushRuleKind) -> [PushCondition]? {
        switch kind {
        case .override, .postcontent, .underride:
            let conditions = (rule.conditions ?? []).map { PushCondition($0) }
            return conditions.contains { $0 == nil } ? nil : conditions.compactMap(\.self)
        case .content: return rule.pattern.map { [.bodyMatch(WordPattern(glob: $0))] }
        case .room: return [.isInRoom(rule.id)]
        case .sender: return [.isFrom(rule.id)]
        }
    }

    /// The actions of the first rule that matches an event; nil when none does, or when the event is the user's own.
    package func actions(for event: PushEvent, in room: some PushRoom) throws -> [JSONValue]? {
        if event.sender == user { return nil }
        return try rules.first { rule in
            if rule.isForLegacyMentions && event.hasMentions { return false }
            return try rule.conditions.allSatisfy { try $0.holds(of: event, in: room) }
        }?.actions
    }
}
