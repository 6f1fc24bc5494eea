/// The event types that the server itself knows.
package enum EventType {
    package static let roomCreate = "m.room.create"
    package static let roomMember = "m.room.member"
    package static let roomPowerLevels = "m.room.power_levels"
    package static let roomJoinRules = "m.room.join_rules"
    package static let roomHistoryVisibility = "m.room.history_visibility"
    package static let roomThirdPartyInvite = "m.room.third_party_invite"
    package static let roomGuestAccess = "m.room.guest_access"
    package static let roomCanonicalAlias = "m.room.canonical_alias"
    package static let roomName = "m.room.name"
    package static let roomTopic = "m.room.topic"
    package static let roomAvatar = "m.room.avatar"
    package static let roomEncryption = "m.room.encryption"
    package static let roomTombstone = "m.room.tombstone"
    package static let roomServerACL = "m.room.server_acl"
    package static let roomMessage = "m.room.message"
    package static let roomRedaction = "m.room.redaction"
}
