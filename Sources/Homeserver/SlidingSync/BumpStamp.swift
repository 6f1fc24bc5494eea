import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// By which clients order rooms: the position of a room's newest event that somebody would want to look at.
enum BumpStamp {
    private static let types: Set<String> = [
        EventType.roomCreate, EventType.roomMessage, EventType.roomEncrypted, EventType.sticker, EventType.callInvite, "m.poll.start",
        "org.matrix.msc3381.poll.start",
        "m.beacon_info", "org.matrix.msc3672.beacon_info",
    ]

    /// So many events are looked at; where none of them is of these types, the oldest one stands for them.
    private static let eventsMax = 500

    /// The position of the newest of the timeline's events; nil when there is none of these types.
    static func newest(of timeline: RoomTimeline) throws -> Position? {
        for (order, event) in zip(timeline.orders, timeline.events).reversed() where order > 0 {
            if try isBump(event) { return PaginationToken(order: order).position }
        }
        return nil
    }

    /// The position of the newest one of a room. History that came later doesn't count.
    static func newest(in room: ShortRoomID, _ view: RoomsView) throws -> Position {
        var position = Position.zero
        var timeline = try view.timeline(of: room, 0...Int64.max, .backward)
        for _ in 0..<eventsMax {
            guard let (pduID, event) = try timeline.next() else { break }
            position = pduID.position
            if try isBump(event) { break }
        }
        return position
    }

    private static func isBump(_ event: StoredEvent) throws -> Bool {
        try JSONFields(scanning: event.json).string("type").map { types.contains($0) } ?? false
    }
}
