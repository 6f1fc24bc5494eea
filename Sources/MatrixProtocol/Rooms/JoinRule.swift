package import CanonicalJSON

/// How users may come into a room (client-server API, "m.room.join_rules").
package enum JoinRule: String, Sendable {
    case `public`
    case invite
    case knock
    case restricted
    case knockRestricted = "knock_restricted"
    case `private`

    /// The rule of a room without an `m.room.join_rules` event.
    package static let `default` = JoinRule.invite

    /// The rule that the content of an `m.room.join_rules` event sets; nil if it is none that is known.
    package init?(_ content: JSONObject) {
        guard let rule = content["join_rule"]?.stringValue.flatMap(Self.init(rawValue:)) else { return nil }
        self = rule
    }

    /// The rule that an `m.room.join_rules` event gives to a room of that version: the default without an event, or where the event says
    /// nothing; nil if it sets a rule that is not known, or that the version doesn't have.
    init?(inForce event: Event?, version: RoomVersion) {
        guard let value = event?.contentMember("join_rule") else {
            self = .default
            return
        }
        guard let rule = value.stringValue.flatMap(Self.init(rawValue:)), rule.isAvailable(in: version) else { return nil }
        self = rule
    }

    /// Whether rooms of this version can have the rule.
    package func isAvailable(in version: RoomVersion) -> Bool {
        switch self {
        case .public, .invite, .private: true
        case .knock: version.knocking
        case .restricted: version.restrictedJoins
        case .knockRestricted: version.knockRestricted
        }
    }

    /// Whether users who meet a condition of the rule may join.
    package var isRestricted: Bool { self == .restricted || self == .knockRestricted }

    /// Whether users may knock.
    package var allowsKnocking: Bool { self == .knock || self == .knockRestricted }
}
