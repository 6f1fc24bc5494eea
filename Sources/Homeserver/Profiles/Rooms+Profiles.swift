import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers

extension Rooms {
    /// The kind of jobs that tell the rooms of a changed profile. The argument is the user ID.
    package static let showProfileJob = "show_profile"

    /// So many rooms learn of a changed profile in one commit, which holds that many events of the largest size.
    private static let roomsPerProfileCommit = 10

    /// Sends the user's profile into every room that the user is joined to and that shows another one.
    package static func showingProfiles(in database: RoomsDatabase, signingKey: SigningKey) -> JobKind {
        database.jobKind(showProfileJob) { job, commit in
            let user = try UserID(encoded: job.argument)
            let last = try job.cursor.isEmpty ? nil : ShortRoomID(encoded: job.cursor)
            let rooms = try commit.view.joinedRooms(of: user, after: last, limit: roomsPerProfileCommit)
            let profile = try commit.view.profile(of: user)
            for room in rooms { try show(profile, of: user, in: room, commit, signingKey) }
            guard rooms.count == roomsPerProfileCommit, let last = rooms.last else { return .isDone }
            job.cursor = last.encoded
            job.done += UInt64(rooms.count)
            return .goesOn
        }
    }

    private static func show(
        _ profile: JSONObject, of user: UserID, in shortID: ShortRoomID, _ commit: RoomsCommit, _ signingKey: SigningKey
    ) throws {
        guard let room = try commit.view.room(commit.view.roomID(of: shortID)),
            let member = try commit.view.currentEvent(.member(user), in: shortID)
        else { return }
        var content = try member.content()
        let shown = [ProfileField.displayName, ProfileField.avatarURL]
        guard Membership(content) == .join, shown.contains(where: { content[$0] != profile[$0] }) else { return }
        for field in shown { content[field] = profile[field] }
        content["join_authorised_via_users_server"] = nil
        do {
            _ = try commit.send(.member(user, content, in: room, by: user), in: room, signingKey: signingKey)
        } catch is AuthorizationError {
            // A room whose rules don't allow it keeps showing the old profile.
        } catch is EventFormatError {
            // So does one where the member event would become too large.
        }
    }
}
