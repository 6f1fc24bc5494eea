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

    /// The same from the content's bytes, without decoding the rest of it.
    init?(contentBytes: ArraySlice<UInt8>) {
        guard let fields = try? JSONFields(scanning: contentBytes),
            let membership = fields.string("membership").flatMap(Self.init(rawValue:))
        else { return nil }
        self = membership
    }
}
