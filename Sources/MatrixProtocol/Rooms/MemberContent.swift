internal import CanonicalJSON

/// The content of an `m.room.member` event, as the authorization rules read it (client-server API, "m.room.member").
struct MemberContent {
    /// `membership`; nil if there is none, or none that is known.
    let membership: Membership?
    /// Whether there is a `membership` at all.
    let hasMembership: Bool
    /// `third_party_invite`.
    let thirdPartyInvite: JSONValue?
    /// `join_authorised_via_users_server`.
    let authorisingUser: JSONValue?

    init(_ content: JSONObject) {
        membership = Membership(content)
        hasMembership = content["membership"] != nil
        thirdPartyInvite = content["third_party_invite"]
        authorisingUser = content["join_authorised_via_users_server"]
    }

    /// A content that says nothing else.
    init(_ membership: Membership) {
        self.membership = membership
        hasMembership = true
        thirdPartyInvite = nil
        authorisingUser = nil
    }

    /// The token by which the third-party invite names the invitation that it follows from.
    var token: String? { thirdPartyInvite?.objectValue?["signed"]?.objectValue?["token"]?.stringValue }
}

extension Event {
    /// What a member event says; nil for other events.
    var memberContent: MemberContent? {
        guard type == EventType.roomMember else { return nil }
        if let membership, saysMembershipOnly { return MemberContent(membership) }
        return MemberContent(content)
    }

    /// Whether nothing but `membership` matters in the content of a member event, as in most of them.
    static func saysMembershipOnly(_ content: JSONFields) -> Bool {
        content["third_party_invite"] == nil && content["join_authorised_via_users_server"] == nil
    }
}
