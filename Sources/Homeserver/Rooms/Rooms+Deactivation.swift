import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers

/// What becomes of a user in rooms whose account is closed.
extension Rooms {
    /// The kind of jobs that have a user leave all rooms. The argument is the user ID.
    package static let leaveRoomsJob = "leave_rooms"

    /// So many rooms are left in one commit, which holds that many events of the largest size.
    private static let roomsPerLeavingCommit = 10

    /// Has a user whose account is closed leave all rooms, as a job, and takes the profile away: the part of `Accounts.deactivationIntent` in the
    /// database of rooms.
    package static func deactivating(in database: RoomsDatabase, jobs: Jobs) -> IntentKind.Part {
        database.intentPart { payload, commit in
            let user = try UserID(encoded: payload)
            for field in try commit.view.profile(of: user).keys { commit.setProfileField(field, of: user, to: nil) }
            _ = jobs.start(leaveRoomsJob, argument: payload, in: commit.commit)
        }
    }

    /// Has a user leave all rooms, turn down all invites and take back what was asked to be let into.
    package static func leavingRooms(in database: RoomsDatabase, signingKey: SigningKey) -> JobKind {
        database.jobKind(leaveRoomsJob) { job, commit in
            let user = try UserID(encoded: job.argument)
            let last = try job.cursor.isEmpty ? nil : ShortRoomID(encoded: job.cursor)
            let rooms = try commit.view.currentRooms(of: user).filter { room in last.map { room > $0 } ?? true }
            for room in rooms.prefix(roomsPerLeavingCommit) { try leave(room, user, commit, signingKey) }
            guard rooms.count > roomsPerLeavingCommit else { return .isDone }
            job.cursor = rooms[roomsPerLeavingCommit - 1].encoded
            job.done += UInt64(roomsPerLeavingCommit)
            return .goesOn
        }
    }

    private static func leave(_ shortID: ShortRoomID, _ user: UserID, _ commit: RoomsCommit, _ signingKey: SigningKey) throws {
        guard let room = try commit.view.room(commit.view.roomID(of: shortID)) else { return }
        do {
            _ = try commit.send(.member(user, .membership(.leave), in: room, by: user), in: room, signingKey: signingKey)
        } catch is AuthorizationError {
            // A room that one can't leave by its rules, such as one with a broken state, is left as it is.
        }
    }
}

extension RoomsView {
    /// The rooms that a user is joined or invited to or asks to be let into, in the order of their short IDs.
    fileprivate func currentRooms(of user: UserID) throws -> [ShortRoomID] {
        (try joinedRooms(of: user).map(\.room) + invitedRooms(of: user).map(\.room) + knockedRooms(of: user).map(\.room)).sorted()
    }
}
