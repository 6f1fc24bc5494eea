package import CanonicalJSON

/// A user's membership in a room (client-server API, "m.room.member").
package enum Membership: String, Sendable {
    case invite
    case join
    case knock
    case leave
    case ban

    /// The membership that the content of an `m.room.member` event sets; nil if it is none.
    package init?(_ content: JSONObject) {
        guard let membership = content["membership"]?.stringValue.flatMap(Self.init(rawValue:)) else { return nil }
        self = membership
    }

    /// The same from a scan of the content, without decoding the rest of it.
    init?(_ content: JSONFields) {
        guard let membership = content.string("membership").flatMap(Self.init(rawValue:)) else { return nil }
        self = membership
    }
}
