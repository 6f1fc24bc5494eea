internal import CanonicalJSON

/// The rules that every user has ("Predefined Rules"): those of the specification in its order, and beside them those that clients still rely on.
///
/// The rules that look for mentions in a message's text were removed from the specification. They stay for events of clients that don't say
/// whom they mention, and for no others (`legacyMentions`). The rules for polls are those of MSC3930, those for
/// threads are those of MSC4306, the one for conference calls is what Element Web asks for, the one for all encrypted events is that of MSC4028.
enum PredefinedPushRules {
    /// The one rule that comes before the user's own ones: it turns everything off.
    static let master = ".m.rule.master"

    /// The rules that look for mentions in a message's text.
    static let legacyMentions: Set<String> = [".m.rule.contains_display_name", ".m.rule.contains_user_name", ".m.rule.roomnotif"]

    /// The rules of a kind, the most important first.
    static func rules(of kind: PushRuleKind, for user: UserID, _ options: PushRuleOptions) -> [PushRule] {
        switch kind {
        case .override: [masterRule] + (options.notifiesOfEncryptedEvents ? [encryptedEvents] : []) + overrides(for: user)
        case .content: [PushRule(id: ".m.rule.contains_user_name", pattern: String(user.localpart), actions: mention)]
        case .postcontent: [threads(isSubscribed: false, actions: []), threads(isSubscribed: true, actions: notifyWithSound)]
        case .room, .sender: []
        case .underride: underrides
        }
    }

    private static let notify: [JSONValue] = ["notify"]
    private static let notifyWithSound: [JSONValue] = ["notify", ["set_tweak": "sound", "value": "default"]]
    private static let highlight: [JSONValue] = ["notify", ["set_tweak": "highlight"]]
    private static let mention: [JSONValue] = ["notify", ["set_tweak": "sound", "value": "default"], ["set_tweak": "highlight"]]

    private static func match(_ key: String, _ pattern: String) -> JSONValue {
        ["kind": "event_match", "key": .string(key), "pattern": .string(pattern)]
    }

    private static func type(_ type: String) -> JSONValue { match("type", type) }

    private static let mayNotifyRoom: JSONValue = ["kind": "sender_notification_permission", "key": "room"]
    private static let hasTwoMembers: JSONValue = ["kind": "room_member_count", "is": "2"]

    private static let masterRule = PushRule(id: master, conditions: [], actions: [], isEnabled: false)
    private static let encryptedEvents = PushRule(
        id: ".org.matrix.msc4028.encrypted_event", conditions: [type(EventType.roomEncrypted)], actions: notify)

    private static func overrides(for user: UserID) -> [PushRule] {
        [
            PushRule(id: ".m.rule.suppress_notices", conditions: [match("content.msgtype", "m.notice")], actions: []),
            PushRule(
                id: ".m.rule.invite_for_me",
                conditions: [type(EventType.roomMember), match("content.membership", "invite"), match("state_key", user.string)],
                actions: notifyWithSound),
            PushRule(id: ".m.rule.member_event", conditions: [type(EventType.roomMember)], actions: []),
            PushRule(
                id: ".m.rule.is_user_mention",
                conditions: [
                    ["kind": "event_property_contains", "key": #"content.m\.mentions.user_ids"#, "value": .string(user.string)]
                ], actions: mention),
            PushRule(id: ".m.rule.contains_display_name", conditions: [["kind": "contains_display_name"]], actions: mention),
            PushRule(
                id: ".m.rule.is_room_mention",
                conditions: [["kind": "event_property_is", "key": #"content.m\.mentions.room"#, "value": true], mayNotifyRoom],
                actions: highlight),
            PushRule(id: ".m.rule.roomnotif", conditions: [match("content.body", "@room"), mayNotifyRoom], actions: highlight),
            PushRule(id: ".m.rule.tombstone", conditions: [type(EventType.roomTombstone), match("state_key", "")], actions: highlight),
            PushRule(id: ".m.rule.reaction", conditions: [type("m.reaction")], actions: []),
            PushRule(id: ".m.rule.room.server_acl", conditions: [type(EventType.roomServerACL), match("state_key", "")], actions: []),
            PushRule(
                id: ".m.rule.suppress_edits",
                conditions: [
                    ["kind": "event_property_is", "key": #"content.m\.relates_to.rel_type"#, "value": .string(Relation.replacement)]
                ],
                actions: []),
            PushRule(
                id: ".org.matrix.msc3930.rule.poll_response", conditions: [type("org.matrix.msc3381.poll.response")], actions: []),
        ]
    }

    private static func threads(isSubscribed: Bool, actions: [JSONValue]) -> PushRule {
        PushRule(
            id: ".io.element.msc4306.rule.\(isSubscribed ? "subscribed" : "unsubscribed")_thread",
            conditions: [["kind": "io.element.msc4306.thread_subscription", "subscribed": .bool(isSubscribed)]], actions: actions)
    }

    private static let underrides: [PushRule] = [
        PushRule(
            id: ".m.rule.call", conditions: [type(EventType.callInvite)], actions: ["notify", ["set_tweak": "sound", "value": "ring"]]),
        PushRule(
            id: ".m.rule.encrypted_room_one_to_one", conditions: [hasTwoMembers, type(EventType.roomEncrypted)], actions: notifyWithSound),
        PushRule(id: ".m.rule.room_one_to_one", conditions: [hasTwoMembers, type(EventType.roomMessage)], actions: notifyWithSound),
        PushRule(id: ".m.rule.message", conditions: [type(EventType.roomMessage)], actions: notify),
        PushRule(id: ".m.rule.encrypted", conditions: [type(EventType.roomEncrypted)], actions: notify),
        PushRule(
            id: ".im.vector.jitsi",
            conditions: [type("im.vector.modular.widgets"), match("content.type", "jitsi"), match("state_key", "*")], actions: notify),
        poll("start_one_to_one", "start", isOneToOne: true),
        poll("start", "start", isOneToOne: false),
        poll("end_one_to_one", "end", isOneToOne: true),
        poll("end", "end", isOneToOne: false),
    ]

    private static func poll(_ name: String, _ moment: String, isOneToOne: Bool) -> PushRule {
        let type = type("org.matrix.msc3381.poll.\(moment)")
        return PushRule(
            id: ".org.matrix.msc3930.rule.poll_\(name)", conditions: isOneToOne ? [hasTwoMembers, type] : [type],
            actions: isOneToOne ? notifyWithSound : notify)
    }
}
