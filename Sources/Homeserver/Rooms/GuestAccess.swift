import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Whether guests can be in a room ("Guest Access"). Other servers know nothing of who is a guest here.
enum GuestAccess {
    /// Whether guests can join the room now.
    static func isOpen(_ room: Room, _ view: RoomsView) throws -> Bool {
        try view.currentEvent(.guestAccess, in: room.shortID)?.contentMember("guest_access") == "can_join"
    }

    /// - Throws: `M_GUEST_ACCESS_FORBIDDEN` where guests can't join.
    static func checkJoin(to room: Room, _ commit: RoomsCommit) throws {
        guard try isOpen(room, commit.view) else { throw MatrixError(.guestAccessForbidden, "Guests can't join this room") }
    }
}

extension Rooms {
    /// The kind of jobs that remove the guests of this server from a room where they can't be any more. The argument is the short room ID.
    package static let removeGuestsJob = "remove_guests"

    /// So many members are looked at in one commit.
    private static let membersPerCommit = 100

    /// Starts removing guests, when what has just been sent keeps them out.
    func removeGuestsIfClosed(_ room: Room, by type: String, _ commit: RoomsCommit) throws -> JobID? {
        guard type == EventType.roomGuestAccess, try !GuestAccess.isOpen(room, commit.view) else { return nil }
        return jobs.start(Self.removeGuestsJob, argument: room.shortID.encoded, in: commit.commit)
    }

    /// Waits until the guests are gone. What was sent stands, whatever becomes of this now, and a failure is tried again.
    func finish(_ removal: JobID?) async {
        if let removal { try? await jobs.wait(for: removal) }
    }

    /// Has the guests of this server leave the room one after the other.
    package static func removingGuests(in database: RoomsDatabase, accounts: AccountsDatabase, signingKey: SigningKey) -> JobKind {
        database.jobKind(removeGuestsJob) { job, commit in
            let shortID = try ShortRoomID(encoded: job.argument)
            let last = try job.cursor.isEmpty ? nil : UserID(encoded: job.cursor)
            guard let room = try commit.view.room(commit.view.roomID(of: shortID)), try !GuestAccess.isOpen(room, commit.view) else {
                return .isDone
            }
            let members = try commit.view.joinedMembers(of: shortID, after: last, limit: membersPerCommit)
            let users = accounts.view()
            for member in members where member.isOn(commit.serverName) {
                guard try users.account(of: member)?.flags.contains(.guest) == true else { continue }
                _ = try commit.send(.member(member, .membership(.leave), in: room, by: member), in: room, signingKey: signingKey)
            }
            guard members.count == membersPerCommit, let last = members.last else { return .isDone }
            job.cursor = last.encoded
            job.done += UInt64(members.count)
            return .goesOn
        }
    }
}
