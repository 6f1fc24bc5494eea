import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// How many messages of a room its member has not read, by the default push rules: all of others' since the join, behind the receipts and
/// the member's own last message in the same thread; those that mention the member stand out.
struct UnreadModel {
    private var counts: [String: [Int64]] = [:]
    /// Whether it isn't clear what is read, since an answer of the member's in a thread was redacted.
    private(set) var isUnclear = false

    init(of user: UserID, in room: RoomTruth, _ read: ReadPositions) {
        let joined = room.standing(of: user, at: Position(.max)).joinedSince ?? .zero
        for entry in room.entries where entry.position > joined {
            let thread = entry.thread ?? ""
            if entry.sender == user.string {
                isUnclear = isUnclear || entry.thread != nil && entry.redaction != nil
                if entry.stateKey == nil { counts[thread] = nil }
                continue
            }
            guard entry.isMessage, entry.redaction == nil else { continue }
            let threadID = entry.thread.map { ThreadID.root(EventID(trusted: $0)) } ?? .main
            if let order = read.order(in: threadID), PDUID.order(of: entry.position) <= order { continue }
            let isMentioned = entry.content["m.mentions", "user_ids"]?.strings?.contains(user.string) ?? false
            let before = counts[thread] ?? [0, 0]
            counts[thread] = [before[0] + 1, before[1] + (isMentioned ? 1 : 0)]
        }
    }

    /// All of the room together.
    var total: [Int64] { counts.values.reduce([0, 0]) { [$0[0] + $1[0], $0[1] + $1[1]] } }

    /// The counts as a sync tells them.
    func told(areThreadsApart: Bool) -> [String: [Int64]] {
        areThreadsApart ? counts.merging(["": [0, 0]]) { count, _ in count } : ["": total]
    }
}
