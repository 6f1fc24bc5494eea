import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// A user's profile: `displayname`, `avatar_url` and further fields by their names.
extension RoomsView {
    /// All fields of the profile that are set.
    package func profile(of user: UserID) throws -> JSONObject {
        let (displayName, avatarURL, blurhash) = try reader.row(
            user, RoomsMaps.userDisplayName, RoomsMaps.userAvatarURL, RoomsMaps.userBlurhash)
        var profile: JSONObject = [:]
        var fields = try reader.domain(RoomsMaps.userProfileField, .tuples(user))
        while let (key, value) = try fields.next() { profile[key.parts.1] = try JSONValue(parsing: value) }
        if let displayName { profile[ProfileField.displayName] = .string(displayName) }
        if let avatarURL { profile[ProfileField.avatarURL] = .string(avatarURL) }
        if let blurhash { profile[ProfileField.blurhash] = .string(blurhash) }
        return profile
    }

    /// The two fields of the profile that everybody is known by.
    package func nameAndAvatar(of user: UserID) throws -> (name: String?, avatarURL: String?) {
        try reader.row(user, RoomsMaps.userDisplayName, RoomsMaps.userAvatarURL)
    }
}

extension RoomsCommit {
    /// Sets a field of the profile, or takes it away.
    package func setProfileField(_ field: String, of user: UserID, to value: JSONValue?) {
        func set(_ column: Column<UserID, String>) {
            if let text = value?.stringValue { commit.put(column, user, text) } else { commit.delete(column, user) }
        }
        switch field {
        case ProfileField.displayName: set(RoomsMaps.userDisplayName)
        case ProfileField.avatarURL: set(RoomsMaps.userAvatarURL)
        case ProfileField.blurhash: set(RoomsMaps.userBlurhash)
        default:
            if let value {
                commit.put(RoomsMaps.userProfileField, TupleKey(user, field), value.encoded())
            } else {
                commit.delete(RoomsMaps.userProfileField, TupleKey(user, field))
            }
        }
    }
}

/// The names of the fields that have maps of their own.
package enum ProfileField {
    package static let displayName = "displayname"
    package static let avatarURL = "avatar_url"
    package static let blurhash = "xyz.amorgan.blurhash"
}
