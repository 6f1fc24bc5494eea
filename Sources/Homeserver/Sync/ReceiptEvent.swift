import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// The receipts of a room that a user is told of: the event `m.receipt`.
struct ReceiptEvent {
    private var receipts: [EventID: [ReadReceipt.Kind: [UserID: ReadReceipt]]] = [:]

    var isEmpty: Bool { receipts.isEmpty }

    /// Everybody's public receipts that were set after a position and the user's own private ones; all of them for nil.
    ///
    /// - Parameter ignored: whose receipts the user doesn't want to see.
    init(in room: ShortRoomID, for user: UserID, since: Position?, ignoring ignored: IgnoredUsers, _ view: RoomsView) throws {
        for (reader, receipt) in try view.receipts(in: room, after: since) where !ignored.contains(reader) {
            add(receipt, .read, of: reader)
        }
        for receipt in try view.privateReceipts(of: user, in: room, after: since) { add(receipt, .readPrivate, of: user) }
    }

    /// A user's own receipts, and everybody's public ones on some events.
    ///
    /// - Parameters:
    ///   - events: the events.
    ///   - oldest: the order of the oldest one.
    init(
        on events: Set<EventID>, since oldest: Int64?, in room: ShortRoomID, for user: UserID, ignoring ignored: IgnoredUsers,
        _ view: RoomsView
    ) throws {
        for (kind, receipt) in try view.receipts(of: user, in: room) { add(receipt, kind, of: user) }
        guard let oldest, !events.isEmpty else { return }
        // Nobody reads an event before it is there.
        let before = PDUID(room: room, order: oldest).position.value - 1
        for (reader, receipt) in try view.receipts(in: room, after: before > 0 ? Position(before) : nil)
        where events.contains(receipt.event) && reader != user && !ignored.contains(reader) {
            add(receipt, .read, of: reader)
        }
    }

    /// Takes in what the other one tells of the same room.
    mutating func formUnion(_ other: ReceiptEvent) {
        for kinds in other.receipts.values {
            for (kind, users) in kinds {
                for (user, receipt) in users { add(receipt, kind, of: user) }
            }
        }
    }

    /// An event has one receipt of each type and user: one for the whole room says more than one for a thread (MSC4102).
    private mutating func add(_ receipt: ReadReceipt, _ kind: ReadReceipt.Kind, of user: UserID) {
        if receipt.thread != nil, receipts[receipt.event]?[kind]?[user] != nil { return }
        receipts[receipt.event, default: [:]][kind, default: [:]][user] = receipt
    }

    /// The event.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("content")
        writer.beginObject()
        for (event, kinds) in receipts.sorted(by: { $0.key < $1.key }) {
            writer.key(event.string)
            writer.beginObject()
            for (kind, users) in kinds.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                writer.key(kind.rawValue)
                writer.beginObject()
                for (user, receipt) in users.sorted(by: { $0.key < $1.key }) {
                    writer.key(user.string)
                    writer.object(Self.content(of: receipt))
                }
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
        writer.key("type")
        writer.string("m.receipt")
        writer.endObject()
        return writer.bytes
    }

    private static func content(of receipt: ReadReceipt) -> JSONObject {
        var content: JSONObject = ["ts": .integer(receipt.time)]
        content["thread_id"] = (receipt.thread?.string).map { .string($0) }
        return content
    }
}
