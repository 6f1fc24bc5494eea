import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Users' profiles ("Profiles").
package final class Profiles: Sendable {
    /// The largest profile, in bytes of JSON.
    package static let profileMaxBytes = 64 << 10
    /// The longest name of a field, in bytes.
    package static let fieldNameMaxBytes = 255

    private let rooms: Rooms
    private var jobs: Jobs { rooms.jobs }

    package init(rooms: Rooms) {
        self.rooms = rooms
    }

    /// The whole profile (`GET /profile/{userId}`).
    ///
    /// - Throws: `M_NOT_FOUND` for users that don't exist, that have no profile, or whose profile this server doesn't have.
    package func profile(of user: UserID) throws -> JSONObject {
        guard user.isOn(rooms.serverName) else { throw MatrixError(.notFound, "\(user) has no profile here") }
        let profile = try rooms.database.view().profile(of: user)
        guard !profile.isEmpty else { throw MatrixError(.notFound, "\(user) has no profile") }
        return profile
    }

    /// Sets a field of one's profile, or takes it away, and tells the rooms that show it.
    ///
    /// - Throws: `M_FORBIDDEN` for other users' profiles, `M_GUEST_ACCESS_FORBIDDEN` for what guests can't set, `M_INVALID_PARAM` for what can't be a field's name, `M_BAD_JSON`, `M_KEY_TOO_LARGE`,
    ///   `M_PROFILE_TOO_LARGE`.
    package func set(_ field: String, to value: JSONValue?, of user: UserID, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        guard user == requester.userID else { throw MatrixError(.forbidden, "You can't change other people's profiles") }
        guard !requester.isGuest || field == ProfileField.displayName else {
            throw MatrixError(.guestAccessForbidden, "Guests can change their display name only")
        }
        guard field.utf8.count <= Self.fieldNameMaxBytes else { throw MatrixError(.keyTooLarge, "The field's name is too long") }
        guard Self.isFieldName(field) else {
            throw MatrixError(.invalidParameter, "A field's name consists of a-z, 0-9, _, - and dots, and begins with a letter")
        }
        let isShownInRooms = field == ProfileField.displayName || field == ProfileField.avatarURL
        if isShownInRooms || field == ProfileField.blurhash, let value, value.stringValue == nil {
            throw MatrixError(.badJSON, "\(field) must be a string")
        }
        var value = value
        if field == ProfileField.displayName { value = value?.stringValue.map { .string(Self.trimmed($0)) } }
        if let value {
            try EventContentRules.check([field: value])
            try ProfileLimits.check([field: value])
        }
        if isShownInRooms { try rooms.countMessage(by: requester) }
        // An empty name or address is how clients take it away.
        let kept = isShownInRooms && value?.stringValue?.isEmpty == true ? nil : value
        let job: JobID? = try await rooms.database.commit { [jobs] commit in
            var profile = try commit.view.profile(of: user)
            if profile[field] == kept { return nil }
            profile[field] = kept
            guard profile.encoded().count <= Self.profileMaxBytes else {
                throw MatrixError(.profileTooLarge, "The profile would be larger than \(Self.profileMaxBytes) bytes")
            }
            commit.setProfileField(field, of: user, to: kept)
            let roomCount = isShownInRooms ? try commit.view.joinedRooms(of: user).count : 0
            guard roomCount > 0 else { return nil }
            return jobs.start(Rooms.showProfileJob, argument: user.encoded, total: UInt64(roomCount), in: commit.commit)
        }
        if let job { try await jobs.wait(for: job) }
    }

    /// The text without white space at its ends.
    private static func trimmed(_ text: String) -> String {
        let words = text.drop(while: \.isWhitespace)
        return words.lastIndex { !$0.isWhitespace }.map { String(words[...$0]) } ?? ""
    }

    /// Whether the name follows the Common Namespaced Identifier Grammar (appendices), its length aside.
    private static func isFieldName(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || $0.isASCIIDigit || "-_.".utf8.contains($0) }
    }

    /// Gives a new user a profile with a display name, unless there is one: a part of `Accounts.newUserIntent`.
    package static func beginning(in database: RoomsDatabase) -> IntentKind.Part {
        database.intentPart { payload, commit in
            let user = try UserID(encoded: payload)
            guard try commit.view.profile(of: user)[ProfileField.displayName] == nil else { return }
            commit.setProfileField(ProfileField.displayName, of: user, to: .string(String(user.localpart)))
        }
    }
}
