import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What lists of rooms go by and would have to be read for each room with each request; it is remembered.
struct RoomFacts: Sendable {
    private let newestEvents = Memo<RoomMoment, Position>(countMax: rememberedMax)
    private let roomTypes = Memo<ShortRoomID, String?>(countMax: rememberedMax)
    private let ownLeaves = Memo<Leave, Bool>(countMax: rememberedMax)

    private static let rememberedMax = 1 << 16

    /// A room as it is since something happened in it the last time.
    private struct RoomMoment: Hashable {
        let room: ShortRoomID
        let position: Position
    }

    private struct Leave: Hashable {
        let user: UserID
        let room: ShortRoomID
        let position: Position
    }

    /// The positions of the rooms' newest events. Rooms in which nothing has happened since they were asked for cost no read of theirs.
    func newestEvents(of rooms: [ShortRoomID], in snapshot: PublishedSnapshot) throws -> [Position] {
        let view = RoomsView(snapshot)
        return try zip(rooms, snapshot.positions(of: rooms.map(\.scope))).map { room, position in
            try newestEvents.value(of: RoomMoment(room: room, position: position ?? .zero)) {
                try view.newestOrder(of: room).map { PDUID(room: room, order: $0).position } ?? .zero
            } ?? .zero
        }
    }

    /// The type that a room was created with, nil in it for none; nil when the room's state isn't known.
    func roomType(of room: ShortRoomID, in view: RoomsView) throws -> String?? {
        try roomTypes.value(of: room) {
            try view.currentEvent(.create, in: room).map { try $0.contentMember("type")?.stringValue }
        }
    }

    /// Whether it was the user who left the room, or turned an invite down.
    func isOwn(_ left: LeftRoom, of user: UserID, from room: ShortRoomID, in view: RoomsView) throws -> Bool {
        try ownLeaves.value(of: Leave(user: user, room: room, position: left.position)) {
            guard let event = try view.event(of: .member(user), in: view.state(of: room, at: left.position)).flatMap({ try view.event($0) })
            else { return true }
            return try event.membership() == .leave && event.sender() == user
        } ?? true
    }
}
