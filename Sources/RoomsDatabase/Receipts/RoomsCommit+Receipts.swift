import MatrixProtocol
import Store
import StoredIdentifiers

extension RoomsCommit {
    /// Lets a user's receipt take the place of the one before of its kind and thread. Receipts only go forward.
    ///
    /// - Returns: whether it went forward.
    @discardableResult
    package func setReceipt(_ receipt: ReadReceipt, _ kind: ReadReceipt.Kind, of user: UserID, in room: ShortRoomID) throws -> Bool {
        let key = TupleKey(room, user, kind.rawValue, receipt.thread?.string ?? "")
        if let (position, order) = try commit.get(RoomsMaps.readPositions, key)?.parts {
            guard receipt.order > order else { return false }
            deleteReceipt(at: position, kind, of: user, in: room)
        }
        if receipt.thread == nil { try deleteThreadedReceipts(before: receipt, kind, of: user, in: room) }
        let position: Position
        switch kind {
        case .read:
            position = commit.stamp(kind: RoomsChange.receipt.rawValue, scope: room.scope) { _ in user.encoded }
            commit.put(RoomsMaps.receipts, TupleKey(room, position, user), receipt)
        case .readPrivate:
            position = commit.stamp(kind: RoomsChange.privateReceipt.rawValue, scope: .user(user)) { _ in room.encoded }
            commit.put(RoomsMaps.privateRead, TupleKey(room, user, position), receipt)
            commit.put(RoomsMaps.lastPrivateRead, TupleKey(room, user), position)
        }
        commit.put(RoomsMaps.readPositions, key, FixedKey(position, receipt.order))
        return true
    }

    private func deleteReceipt(at position: Position, _ kind: ReadReceipt.Kind, of user: UserID, in room: ShortRoomID) {
        switch kind {
        case .read: commit.delete(RoomsMaps.receipts, TupleKey(room, position, user))
        case .readPrivate: commit.delete(RoomsMaps.privateRead, TupleKey(room, user, position))
        }
    }

    /// So many threads' receipts go at once; the others with later receipts.
    private static let deletedReceiptsMax = 100

    /// Deletes the receipts of threads that say nothing any more, since a receipt for the whole room goes further.
    private func deleteThreadedReceipts(
        before receipt: ReadReceipt, _ kind: ReadReceipt.Kind, of user: UserID, in room: ShortRoomID
    ) throws {
        var positions = try commit.domain(RoomsMaps.readPositions, .tuples(room, user, kind.rawValue))
        var deleted = 0
        while deleted < Self.deletedReceiptsMax, let (key, value) = try positions.next() {
            let (position, order) = value.parts
            guard !key.parts.3.isEmpty, order <= receipt.order else { continue }
            deleteReceipt(at: position, kind, of: user, in: room)
            commit.delete(RoomsMaps.readPositions, key)
            deleted += 1
        }
    }

    /// Forgets what a user has read of a room, so many receipts at most, and what was counted of the rest.
    ///
    /// - Returns: whether nothing is left.
    package func forgetReceipts(of user: UserID, in room: ShortRoomID, limit: Int) throws -> Bool {
        var receipts = try commit.domain(RoomsMaps.readPositions, .tuples(room, user))
        let some = try receipts.collect(limit: limit)
        for (key, value) in some {
            let position = value.parts.0
            commit.delete(RoomsMaps.readPositions, key)
            switch ReadReceipt.Kind(rawValue: key.parts.2) {
            case .readPrivate: commit.delete(RoomsMaps.privateRead, TupleKey(room, user, position))
            default: commit.delete(RoomsMaps.receipts, TupleKey(room, position, user))
            }
        }
        commit.delete(RoomsMaps.lastPrivateRead, TupleKey(room, user))
        commit.delete(RoomsMaps.notificationCount, TupleKey(user, room))
        commit.delete(RoomsMaps.highlightCount, TupleKey(user, room))
        return some.count < limit
    }
}
