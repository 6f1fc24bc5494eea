/// What a state event is known by in its room: the pair of its type and its `state_key`.
package struct StateKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The event type.
    package let type: String
    /// The event's `state_key`.
    package let key: String

    package init(_ type: String, _ key: String = "") {
        self.type = type
        self.key = key
    }

    package var description: String { "(\(type), \(key))" }

    package static func == (a: StateKey, b: StateKey) -> Bool { UTF8Bytes.equal(a.type, b.type) && UTF8Bytes.equal(a.key, b.key) }

    package static func < (a: StateKey, b: StateKey) -> Bool {
        UTF8Bytes.equal(a.type, b.type) ? UTF8Bytes.less(a.key, b.key) : UTF8Bytes.less(a.type, b.type)
    }

    package func hash(into hasher: inout Hasher) {
        UTF8Bytes.hash(type, into: &hasher)
        UTF8Bytes.hash(key, into: &hasher)
    }
}

extension StateKey {
    package static let create = StateKey(EventType.roomCreate)
    package static let powerLevels = StateKey(EventType.roomPowerLevels)
    package static let joinRules = StateKey(EventType.roomJoinRules)
    package static let historyVisibility = StateKey(EventType.roomHistoryVisibility)
    package static let guestAccess = StateKey(EventType.roomGuestAccess)
    package static let canonicalAlias = StateKey(EventType.roomCanonicalAlias)
    package static let name = StateKey(EventType.roomName)
    package static let topic = StateKey(EventType.roomTopic)
    package static let avatar = StateKey(EventType.roomAvatar)
    package static let encryption = StateKey(EventType.roomEncryption)
    package static let tombstone = StateKey(EventType.roomTombstone)

    /// A user's membership.
    package static func member(_ user: UserID) -> StateKey { StateKey(EventType.roomMember, user.string) }

    /// The invitation by third-party identifier that carries this token.
    package static func thirdPartyInvite(token: String) -> StateKey { StateKey(EventType.roomThirdPartyInvite, token) }
}
