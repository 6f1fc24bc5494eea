import AccountsDatabase
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an answer tells of rooms, and what the client was told then.
struct SlidingSyncRooms: Sendable {
    /// The rooms with something to tell.
    private(set) var updates: [RoomUpdate] = []
    /// The rooms that the client looks at and has been told of.
    private var present: [WantedRoom] = []
    /// What the client has been told of rooms now, where it is not what it was before.
    private(set) var changes: [ShortRoomID: SentRoom] = [:]
    /// The wishes for state that `changes` names, by their numbers.
    private(set) var requiredStates: [UInt64: RequiredState] = [:]

    /// The events that are told in the rooms' timelines.
    var timelines: [ShortRoomID: Set<EventID>] {
        updates.reduce(into: [:]) { timelines, update in
            if update.json != nil { timelines[update.room] = update.events }
        }
    }

    /// So many rooms are worked off in one piece, and so many pieces side by side.
    private static let roomsPerPiece = 25
    private static let piecesPerWave = 4
    /// With so much to tell an answer ends; the other rooms are told of in the next one.
    private static let answerSizeMaxBytes = 8 << 20

    /// - Parameters:
    ///   - wanted: the rooms that the client looks at.
    ///   - changed: the rooms in which something may have happened since the client's position.
    ///   - passing: those in which somebody has begun to type or stopped.
    ///   - sent: what the client was told of all these.
    init(
        _ wanted: [WantedRoom], changed: Set<ShortRoomID>, passing: Set<ShortRoomID>, sent: [ShortRoomID: SentRoom],
        known: [UInt64: RequiredState],
        _ capture: SlidingSyncCapture, _ accountData: AccountDataDelta
    ) async throws {
        let needed = wanted.filter { Self.mayHaveNews($0, sent[$0.entry.room], isChanged: changed.contains($0.entry.room), known) }
        let directRooms =
            try needed.isEmpty ? DirectRooms() : DirectRooms(of: capture.sync.requester.userID, in: AccountsView(capture.sync.accounts))
        let since = capture.position?.token.rooms.position
        // The rooms that are over stand in no later answer's lists: all of them are told of now.
        var rest = (needed.filter { $0.isOver(since: since) } + needed.filter { !$0.isOver(since: since) })[...]
        var size = 0
        var told: Set<ShortRoomID> = []
        while let next = rest.first, size < Self.answerSizeMaxBytes || next.isOver(since: since) {
            let wave = rest.prefix(Self.roomsPerPiece * Self.piecesPerWave)
            rest = rest.dropFirst(wave.count)
            for update in try await Self.updates(of: Array(wave), sent, known, directRooms, capture, accountData) {
                size += update.json?.count ?? 0
                told.insert(update.room)
                if update.json != nil { updates.append(update) }
                if update.sent != sent[update.room] {
                    changes[update.room] = update.sent
                    requiredStates[update.sent.requiredState] = update.requiredState
                }
            }
        }
        let unmoved = Set(wanted.map(\.entry.room)).subtracting(needed.map(\.entry.room))
        present = wanted.filter { told.contains($0.entry.room) || unmoved.contains($0.entry.room) }
        // What isn't told of these now is told when the client looks at them again.
        guard let since else { return }
        for room in changed.union(passing.subtracting(unmoved)) where !told.contains(room) {
            guard var sent = sent[room], sent.upTo == nil else { continue }
            sent.upTo = since
            changes[room] = sent
        }
    }

    /// Whether the room has to be looked at: whether something has happened in it, or the client wants to know more of it.
    private static func mayHaveNews(
        _ wanted: WantedRoom, _ sent: SentRoom?, isChanged: Bool, _ known: [UInt64: RequiredState]
    ) -> Bool {
        guard let sent, !isChanged, sent.upTo == nil, wanted.wishes.timelineLimit <= Int(clamping: sent.timelineLimit) else { return true }
        return known[sent.requiredState].map { !wanted.wishes.requiredState.isPart(of: $0) } ?? true
    }

    private static func updates(
        of rooms: [WantedRoom], _ sent: [ShortRoomID: SentRoom], _ known: [UInt64: RequiredState], _ directRooms: DirectRooms,
        _ capture: SlidingSyncCapture, _ accountData: AccountDataDelta
    ) async throws -> [RoomUpdate] {
        let pieces = try await inPieces(of: roomsPerPiece, rooms) { piece in
            let updater = RoomUpdater(
                builder: try SyncBuilder(capture.sync, accountData), directRooms: directRooms, requiredStates: known)
            return try piece.map { try updater.update($0, sent[$0.entry.room]) }
        }
        return pieces.flatMap(\.self)
    }

    // MARK: - Extensions

    /// The rooms of which an extension tells: those that the client looks at and has been told of, as far as they are selected.
    ///
    /// - Parameter selection: nil for none.
    func selected(by selection: SlidingSyncExtensions.RoomSelection?, in view: RoomsView) throws -> [WantedRoom] {
        guard let selection else { return [] }
        let rooms = try selection.rooms.map { try view.shortIDs(of: $0) }
        return present.filter { selection.contains($0, rooms: rooms) }
    }

    /// Notes what else the client was told of a room.
    ///
    /// - Parameter before: what it was told before this answer.
    mutating func note(_ sent: SentRoom, of room: ShortRoomID, before: SentRoom?) {
        changes[room] = sent == before ? nil : sent
    }
}

extension SlidingSyncExtensions.RoomSelection {
    /// Whether the extension tells of a room.
    ///
    /// - Parameter rooms: the rooms that count wherever they stand; nil for those subscribed to.
    fileprivate func contains(_ room: WantedRoom, rooms: Set<ShortRoomID>?) -> Bool {
        let isInList = lists.map { !$0.isDisjoint(with: room.lists) } ?? !room.lists.isEmpty
        return isInList || rooms.map { $0.contains(room.entry.room) } ?? room.isSubscribed
    }
}
