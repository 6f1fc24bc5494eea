import MatrixProtocol
import RoomsDatabase
import Store

/// A room as one user may read it: its current state, or, for who has left, its state at the leave.
struct ReadableRoom {
    let room: Room
    let view: RoomsView
    /// The state that the user sees.
    let state: ShortStateHash
    /// The order of the newest event that the user may see, where there is such a bound.
    let newestOrder: Int64?

    /// - Throws: `M_FORBIDDEN` when the user neither is nor was in the room, nor may anybody read it.
    init(_ room: Room, for user: UserID, in view: RoomsView) throws {
        self.room = room
        self.view = view
        switch try view.standing(of: user, in: room.shortID) {
        case .joined:
            state = try view.currentState(of: room.shortID)
            newestOrder = nil
        case .left(let left) where left.joinedUntil > Position(0) && !left.isForgotten:
            // What came after, such as a ban, is no longer the user's business.
            state = try view.state(of: room.shortID, at: left.joinedUntil)
            newestOrder = PDUID.order(of: left.joinedUntil)
        case .left, .invited, .knocked, .stranger:
            let visibility = try view.currentEvent(.historyVisibility, in: room.shortID).map {
                HistoryVisibility(try $0.content())
            }
            guard visibility == .worldReadable else { throw Rooms.notInRoom }
            state = try view.currentState(of: room.shortID)
            newestOrder = nil
        }
    }

    private init(_ room: Room, _ view: RoomsView, state: ShortStateHash, newestOrder: Int64) {
        self.room = room
        self.view = view
        self.state = state
        self.newestOrder = newestOrder
    }

    /// The room as it could be read at a position, if what is read now is newer.
    func bounded(by position: Position) throws -> ReadableRoom {
        let order = PDUID.order(of: position)
        if let newestOrder, newestOrder <= order { return self }
        return ReadableRoom(room, view, state: try view.state(of: room.shortID, at: position), newestOrder: order)
    }

    /// The event that the state has for a key.
    func event(_ key: StateKey) throws -> StoredEvent? {
        try view.event(of: key, in: state).flatMap { try view.event($0) }
    }

    /// The state's events, or a part of them.
    func events(_ part: RoomsView.StatePart = .everything) throws -> [StoredEvent] {
        try view.events(view.entries(of: state, part).map(\.event))
    }
}
