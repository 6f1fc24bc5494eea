import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// How long a name and an avatar may be that users show, in their profiles and in member events; Synapse has the same limits.
enum ProfileLimits {
    /// The longest display name, in code points.
    static let displayNameMaxCodePoints = 256
    /// The longest address of an avatar, in code points.
    static let avatarURLMaxCodePoints = 1000

    /// Checks the members of a profile, or of a member event's content.
    ///
    /// - Throws: `M_BAD_JSON`.
    static func check(_ members: JSONObject) throws(MatrixError) {
        try check(ProfileField.displayName, of: members, displayNameMaxCodePoints)
        try check(ProfileField.avatarURL, of: members, avatarURLMaxCodePoints)
    }

    private static func check(_ name: String, of members: JSONObject, _ codePointsMax: Int) throws(MatrixError) {
        guard let text = members[name]?.stringValue, text.unicodeScalars.count > codePointsMax else { return }
        throw MatrixError(.badJSON, "\(name) has at most \(codePointsMax) characters")
    }
}
