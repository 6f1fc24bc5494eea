import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers

/// What becomes of a user in rooms whose account is closed.
extension Rooms {
    /// The kind of jobs that have a user leave all rooms, where nothing stays of what the user has read. The argument is the user ID.
    package static let leaveRoomsJob = "leave_rooms"

    /// So many rooms are left in one commit, which holds that many events of the largest size.
    private static let roomsPerLeavingCommit = 10
    /// So many receipts and followed threads of a room are forgotten in one commit.
    private static let tracesPerRoomAndCommit = 50

    /// Has a user whose account is closed leave all rooms, as a job, takes the profile away and what was to be sent later, and erases who wants that:
    /// the part of `Accounts.deactivationIntent` in the database of rooms.
    package static func deactivating(in database: RoomsDatabase, jobs: Jobs) -> IntentKind.Part {
        database.intentPart { payload, commit in
            let deactivation = try Deactivation(encoded: payload)
            let user = deactivation.user
            if deactivation.isErased { commit.erase(user) }
            for field in try commit.view.profile(of: user).keys { commit.setProfileField(field, of: user, to: nil) }
            for event in try commit.view.delayedEvents(of: user) {
                guard let (number, event) = try commit.view.delayedEvent(event.id) else { continue }
                try commit.finish(event, number, .cancelled)
            }
            _ = jobs.start(leaveRoomsJob, argument: user.encoded, in: commit.commit)
        }
    }

    /// Has a user leave all rooms, turn down all invites and take back what was asked to be let into; and forgets what was kept for the user in any
    /// room.
    package static func leavingRooms(in database: RoomsDatabase, signingKey: SigningKey) -> JobKind {
        database.jobKind(leaveRoomsJob) { job, commit in
            let user = try UserID(encoded: job.argument)
            let last = try job.cursor.isEmpty ? nil : ShortRoomID(encoded: job.cursor)
            let rooms = try commit.view.allRooms(of: user).filter { room in last.map { room > $0 } ?? true }
            for room in rooms.prefix(roomsPerLeavingCommit) {
                try leave(room, user, commit, signingKey)
                guard try commit.forgetTraces(of: user, in: room, limit: tracesPerRoomAndCommit) else { return .goesOn }
                job.cursor = room.encoded
                job.done += 1
            }
            return rooms.count > roomsPerLeavingCommit ? .goesOn : .isDone
        }
    }

    private static func leave(_ shortID: ShortRoomID, _ user: UserID, _ commit: RoomsCommit, _ signingKey: SigningKey) throws {
        if case .left = try commit.view.standing(of: user, in: shortID) { return }
        guard let room = try commit.view.room(commit.view.roomID(of: shortID)) else { return }
        do {
            _ = try commit.send(.member(user, .membership(.leave), in: room, by: user), in: room, signingKey: signingKey)
        } catch is AuthorizationError {
            // A room that one can't leave by its rules, such as one with a broken state, is left as it is.
        }
    }
}

extension RoomsView {
    /// The rooms that a user has or had to do with, in the order of their short IDs.
    fileprivate func allRooms(of user: UserID) throws -> [ShortRoomID] {
        (try joinedRooms(of: user).map(\.room) + invitedRooms(of: user).map(\.room) + knockedRooms(of: user).map(\.room)
            + leftRooms(of: user).map(\.room)).sorted()
    }
}

extension RoomsCommit {
    /// Forgets what a user has read of a room, and which threads the user follows there.
    ///
    /// - Returns: whether nothing is left; so much of each at most is forgotten at once.
    fileprivate func forgetTraces(of user: UserID, in room: ShortRoomID, limit: Int) throws -> Bool {
        let areReceiptsGone = try forgetReceipts(of: user, in: room, limit: limit)
        return try forgetThreadSubscriptions(of: user, in: room, limit: limit) && areReceiptsGone
    }
}
