/// What an event keeps when it is redacted: lists of names ("Redactions" of each room version).
package struct RedactionRules: Sendable {
    /// The top-level members that stay.
    package private(set) var fields: Set<String>
    /// What stays of the content of an event type; other types keep nothing.
    package private(set) var content: [String: Content]

    /// What stays of a content.
    package enum Content: Sendable {
        /// All of it.
        case everything
        /// These members.
        case members([Member])
    }

    /// A member of the content that stays.
    package enum Member: Sendable {
        /// The member with its value.
        case whole(String)
        /// The member, with only these members of the object that it holds.
        case part(String, [String])
    }

    /// The rules that build on these and change what `change` changes.
    private func successor(_ change: (inout RedactionRules) -> Void) -> RedactionRules {
        var rules = self
        change(&rules)
        return rules
    }
}

extension RedactionRules {
    /// The rules of room versions 1 to 5.
    static let v1 = RedactionRules(
        fields: fieldsFromVersion11.union(["prev_state", "origin", "membership"]),
        content: [
            EventType.roomMember: .members([.whole("membership")]),
            EventType.roomCreate: .members([.whole("creator")]),
            EventType.roomJoinRules: .members([.whole("join_rule")]),
            EventType.roomPowerLevels: .members(powerLevelsBeforeVersion11.map(Member.whole)),
            EventType.roomAliases: .members([.whole("aliases")]),
            EventType.roomHistoryVisibility: .members([.whole("history_visibility")]),
        ])

    /// The rules of room versions 6 and 7.
    static let v6 = v1.successor { $0.content[EventType.roomAliases] = nil }

    /// The rules of room version 8.
    static let v8 = v6.successor { $0.content[EventType.roomJoinRules] = .members([.whole("join_rule"), .whole("allow")]) }

    /// The rules of room versions 9 and 10.
    static let v9 = v8.successor {
        $0.content[EventType.roomMember] = .members([.whole("membership"), .whole("join_authorised_via_users_server")])
    }

    /// The rules of room versions 11 and 12.
    static let v11 = v9.successor {
        $0.fields = fieldsFromVersion11
        $0.content[EventType.roomMember] = .members([
            .whole("membership"), .whole("join_authorised_via_users_server"), .part("third_party_invite", ["signed"]),
        ])
        $0.content[EventType.roomCreate] = .everything
        $0.content[EventType.roomPowerLevels] = .members((powerLevelsBeforeVersion11 + ["invite"]).map(Member.whole))
        $0.content[EventType.roomRedaction] = .members([.whole("redacts")])
    }

    private static let fieldsFromVersion11: Set<String> = [
        "event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth", "prev_events", "auth_events",
        "origin_server_ts",
    ]

    private static let powerLevelsBeforeVersion11 = [
        "ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default",
    ]
}
