import CanonicalJSON
import MatrixProtocol
import Store

/// Which thread an event is in ("Threaded read receipts").
extension RoomsView {
    /// From an event that relates to another one, so many steps are made to find its thread, as the specification recommends.
    private static let relationStepsMax = 3

    /// The thread of an event of a room's timeline: that which it says it is in, or which the event is in that it relates to.
    package func thread(of event: StoredEvent, in room: ShortRoomID) throws -> ThreadID {
        try threadAndTop(of: event, in: room).thread
    }

    /// Whether a receipt for the thread may name the event: one that is in it, its root, or what relates to the root in another way.
    package func isReceiptTarget(_ event: StoredEvent, ofThread thread: ThreadID, in room: ShortRoomID) throws -> Bool {
        let (found, top) = try threadAndTop(of: event, in: room)
        if found == thread { return true }
        guard found == .main, thread == .root(top.id) else { return false }
        return try aggregations(of: [top.shortID]).contains { ($0?.threadCount ?? 0) > 0 }
    }

    /// The event's thread, and the event at which the search has ended.
    private func threadAndTop(of event: StoredEvent, in room: ShortRoomID) throws -> (thread: ThreadID, top: StoredEvent) {
        var top = event
        for _ in 0...Self.relationStepsMax {
            guard let relation = try Self.relation(of: top) else { break }
            if relation.type == Relation.thread { return (.root(relation.target), top) }
            guard let (pduID, target) = try timelineEvent(relation.target), pduID.room == room else { break }
            top = target
        }
        return (.main, top)
    }

    private static func relation(of event: StoredEvent) throws -> Relation? {
        try event.contentMember("m.relates_to").flatMap { Relation(["m.relates_to": $0]) }
    }
}
