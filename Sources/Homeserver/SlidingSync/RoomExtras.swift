import AccountsDatabase
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an answer tells beside the rooms of what belongs to them: account data, receipts, and who is typing.
struct RoomExtras {
    private(set) var accountData: [(room: RoomID, entries: [AccountDataDelta.Entry])] = []
    /// An event `m.receipt` as JSON for each room.
    private(set) var receipts: [(room: RoomID, event: [UInt8])] = []
    /// An event `m.typing` as JSON for each room.
    private(set) var typing: [(room: RoomID, event: [UInt8])] = []

    private let capture: SlidingSyncCapture
    private let view: RoomsView
    /// What the client was told of the rooms before.
    private let sent: [ShortRoomID: SentRoom]
    /// What it is told of rooms now.
    private let updates: [ShortRoomID: RoomUpdate]

    /// - Parameters:
    ///   - rooms: what the answer tells of rooms; what it tells beside is noted there.
    ///   - changed: the rooms in which something may have happened since the client's position.
    ///   - passing: those in which somebody has begun to type or stopped.
    ///   - sent: what the client was told of all these.
    init(
        to rooms: inout SlidingSyncRooms, changed: Set<ShortRoomID>, passing: Set<ShortRoomID>, sent: [ShortRoomID: SentRoom],
        _ delta: AccountDataDelta,
        _ capture: SlidingSyncCapture
    ) throws {
        self.capture = capture
        self.sent = sent
        view = RoomsView(capture.sync.rooms)
        updates = rooms.updates.reduce(into: [:]) { $0[$1.room] = $1 }
        let wanted = capture.request.extensions
        try takeAccountData(of: rooms.selected(by: wanted.accountData, in: view), delta, &rooms)
        if wanted.receipts != nil || sent.values.contains(where: \.knowsReceipts) {
            try takeReceipts(of: rooms.selected(by: wanted.receipts, in: view), changed, &rooms)
        }
        if wanted.typing != nil { try takeTyping(in: rooms.selected(by: wanted.typing, in: view), passing) }
    }

    /// Whether there is anything that the client doesn't know.
    var isEmpty: Bool { accountData.isEmpty && receipts.isEmpty && typing.isEmpty }

    // MARK: - Account data

    private mutating func takeAccountData(
        of selected: [WantedRoom], _ delta: AccountDataDelta, _ rooms: inout SlidingSyncRooms
    ) throws {
        let accountsView = AccountsView(capture.sync.accounts)
        let changed = Set(try delta.rooms.compactMap { try view.shortID(of: $0) })
        let selected = Set(selected.map(\.entry.room))
        for room in selected.sorted() {
            guard var now = rooms.changes[room] ?? sent[room], !now.knowsAccountData || changed.contains(room) else { continue }
            let id = try view.roomID(of: room)
            let entries = try delta.room(id, isNew: !now.knowsAccountData, in: accountsView, capture.sync.requester.userID)
            if !entries.isEmpty { accountData.append((id, entries)) }
            now.knowsAccountData = true
            rooms.note(now, of: room, before: sent[room])
        }
        for room in changed where !selected.contains(room) {
            guard var now = rooms.changes[room] ?? sent[room], now.knowsAccountData else { continue }
            now.knowsAccountData = false
            rooms.note(now, of: room, before: sent[room])
        }
    }

    // MARK: - Receipts

    private mutating func takeReceipts(
        of selected: [WantedRoom], _ changed: Set<ShortRoomID>, _ rooms: inout SlidingSyncRooms
    ) throws {
        let ignored = try AccountsView(capture.sync.accounts).ignoredUsers(of: capture.sync.requester.userID)
        var told: Set<ShortRoomID> = []
        for wanted in selected {
            guard case .joined = wanted.entry.standing else { continue }
            let room = wanted.entry.room
            guard var now = rooms.changes[room] ?? sent[room] else { continue }
            told.insert(room)
            let event = try receiptEvent(of: room, isChanged: changed.contains(room), ignoring: ignored)
            if let event, !event.isEmpty { receipts.append((try view.roomID(of: room), event.json)) }
            now.knowsReceipts = true
            rooms.note(now, of: room, before: sent[room])
        }
        // Whose news the client has got without its receipts is told of them anew.
        for room in changed.union(rooms.changes.keys) where !told.contains(room) {
            guard var now = rooms.changes[room] ?? sent[room], now.knowsReceipts, now.upTo == nil,
                changed.contains(room) || sent[room]?.upTo != nil
            else { continue }
            now.knowsReceipts = false
            rooms.note(now, of: room, before: sent[room])
        }
    }

    /// The receipts of a room that the client doesn't know; nil for none.
    private func receiptEvent(of room: ShortRoomID, isChanged: Bool, ignoring ignored: IgnoredUsers) throws -> ReceiptEvent? {
        let user = capture.sync.requester.userID
        let update = updates[room]
        var news: ReceiptEvent?
        if let before = sent[room], before.knowsReceipts, update?.isInitial != true {
            if isChanged || before.upTo != nil {
                news = try ReceiptEvent(in: room, for: user, since: before.upTo ?? capture.sync.roomsSince, ignoring: ignored, view)
            }
            // Nothing was told of the receipts on events that the client has only now.
            guard update?.isExpanded == true else { return news }
        }
        var event = try ReceiptEvent(on: update?.events ?? [], since: update?.oldestOrder, in: room, for: user, ignoring: ignored, view)
        if let news { event.formUnion(news) }
        return event
    }

    // MARK: - Typing

    private mutating func takeTyping(in selected: [WantedRoom], _ changed: Set<ShortRoomID>) throws {
        let ignored = try AccountsView(capture.sync.accounts).ignoredUsers(of: capture.sync.requester.userID)
        for wanted in selected {
            guard case .joined = wanted.entry.standing else { continue }
            let room = wanted.entry.room
            let isNew = sent[room].map { $0.upTo != nil } ?? true
            guard isNew || changed.contains(room) || updates[room]?.isInitial == true else { continue }
            let users = try capture.sync.transitory.typingUsers(in: room.scope).filter { !ignored.contains($0) }
            // To whom the room is new, nobody is typing of whom nothing is said.
            if sent[room] != nil || !users.isEmpty { typing.append((try view.roomID(of: room), EphemeralDelta.typing(users))) }
        }
    }
}
