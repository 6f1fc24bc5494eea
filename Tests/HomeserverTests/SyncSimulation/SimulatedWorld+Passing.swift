import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// Holding what clients know of what passes by against what is so.
extension SimulatedWorld {
    /// How far a user has read a room.
    func readPositions(of user: UserID, in id: RoomID) throws -> ReadPositions {
        let view = rooms.database.view()
        guard let room = try view.shortID(of: id) else { throw SyncMismatch("\(id) is not there") }
        return try view.readPositions(of: user, in: room)
    }

    /// Looks whether a client knows the receipts of a room.
    ///
    /// - Parameter since: since when it has been told of all; nil for always.
    func checkReceipts(
        _ known: [KnownRoom.ReceiptKey: String], since: Position?, in id: RoomID, for user: UserID, _ what: String
    ) throws {
        let view = rooms.database.view()
        guard let room = try view.shortID(of: id) else { return }
        var receipts: [KnownRoom.ReceiptKey: ReadReceipt] = [:]
        func add(_ receipt: ReadReceipt, _ kind: ReadReceipt.Kind, of reader: UserID) {
            receipts[KnownRoom.ReceiptKey(kind: kind.rawValue, user: reader.string, thread: receipt.thread?.string ?? "")] = receipt
        }
        for (reader, receipt) in try view.receipts(in: room, after: since) { add(receipt, .read, of: reader) }
        for receipt in try view.privateReceipts(of: user, in: room, after: nil) { add(receipt, .readPrivate, of: user) }
        for (key, receipt) in receipts {
            // A receipt for a thread that says no more than one for the whole room need not be told.
            let whole = receipts[KnownRoom.ReceiptKey(kind: key.kind, user: key.user, thread: "")]
            if !key.thread.isEmpty, let whole, whole.order >= receipt.order { continue }
            try expectSame(known[key], receipt.event.string, what + ": receipt \(key)")
        }
    }

    /// Looks whether a client knows who is typing in a room.
    func checkTyping(_ known: Set<String>, _ room: RoomTruth, _ what: String) throws {
        let now = server.clock.now()
        for member in people {
            let isKnown = known.contains(member.string)
            guard let typing = typing(in: room.id)[member], let joined = room.standing(of: member, at: Position(.max)).joinedSince else {
                try expectSame(isKnown, false, what + ": whether \(member) types")
                continue
            }
            // It takes a moment to be told that somebody has stopped.
            if isKnown ? typing.end > now - 200 : typing.end < now + 200 || joined > typing.position { continue }
            try expectSame(isKnown, !isKnown, what + ": whether \(member) types")
        }
    }
}
