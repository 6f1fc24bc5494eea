import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// An answer of which the client hasn't been told yet: what it says, and what is to be noted of it.
struct SlidingSyncAnswer {
    let capture: SlidingSyncCapture
    private let windows: RoomWindows
    private let rooms: SlidingSyncRooms
    private let extras: SlidingSyncExtras

    /// - Parameters:
    ///   - known: the client's connection; nil when nothing is noted of it.
    ///   - toDeviceSince: up to where the client has its messages.
    init(_ capture: SlidingSyncCapture, _ known: KnownConnection?, toDeviceSince: Position?, _ facts: RoomFacts) async throws {
        self.capture = capture
        let (request, sync) = (capture.request, capture.sync)
        let user = sync.requester.userID
        let token = capture.position?.token
        let log = try token.flatMap { try SyncBuilder.log(of: sync.accounts, since: $0.accounts.position) }
        let wantsAccountData = request.extensions.accountData != nil
        let delta =
            try token != nil || wantsAccountData
            ? AccountDataDelta(of: user, since: token?.accounts.position, log, in: sync.accounts, sync.unreadCounts.pushRules)
            : AccountDataDelta()
        let changed = try token == nil ? [] : SyncBuilder(sync, delta).changedRooms()

        var windows = try RoomWindows(request, sync, since: token?.rooms.position, facts)
        let passing = try request.extensions.typing == nil ? [] : EphemeralDelta(sync, sync.transitoryLog()).rooms
        let touched = Set(windows.rooms.map(\.entry.room) + changed.map(\.room)).union(passing)
        let sent: [ShortRoomID: SentRoom] =
            try known?.sentRooms(touched.map(\.number)).reduce(into: [:]) { $0[ShortRoomID(number: $1.key)] = $1.value } ?? [:]
        let requiredStates =
            try known?.requiredStates(Set(sent.values.map(\.requiredState))).compactMapValues { RequiredState(encoded: $0, for: user) }
            ?? [:]
        let wanted = Set(windows.rooms.map(\.entry.room))
        for (room, standing) in changed where !wanted.contains(room) {
            guard case .left(let left) = standing, let since = token?.rooms.position, left.position > since,
                let before = sent[room]
            else { continue }
            // Whoever was told of a room learns that it is over, wherever it stands.
            let wishes = RoomWishes(
                timelineLimit: Int(clamping: before.timelineLimit), requiredState: requiredStates[before.requiredState] ?? RequiredState())
            windows.add(WantedRoom(entry: UserRoomList.Entry(room: room, standing: standing, activity: left.position), wishes: wishes))
        }
        var rooms = try await SlidingSyncRooms(
            windows.rooms, changed: Set(changed.map(\.room)), passing: passing, sent: sent, known: requiredStates, capture, delta)
        let roomExtras = try RoomExtras(
            to: &rooms, changed: Set(changed.map(\.room)), passing: passing, sent: sent, delta, capture)
        extras = try SlidingSyncExtras(
            capture, changed: changed, log, delta, roomExtras, timelines: rooms.timelines, toDeviceSince: toDeviceSince)
        self.windows = windows
        self.rooms = rooms
    }

    /// Whether there is anything that the client doesn't know.
    var tellsSomething: Bool { !rooms.updates.isEmpty || extras.tellsSomething }

    /// What the client is told of rooms, where that is not what it was told before.
    var sent: SentRooms {
        SentRooms(rooms.changes.reduce(into: [:]) { $0[$1.key.number] = $1.value })
    }

    /// The wishes for state that `sent` names, by their numbers, as they are stored.
    var requiredStates: [UInt64: [UInt8]] { rooms.requiredStates.mapValues(\.encoded) }

    /// The answer as JSON.
    func bytes(at position: SlidingSyncPosition) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + rooms.updates.reduce(0) { $0 + ($1.json?.count ?? 0) + 64 })
        writer.beginObject()
        writer.key("pos")
        writer.string(position.description)
        if let transactionID = capture.request.transactionID {
            writer.key("txn_id")
            writer.string(transactionID)
        }
        if !windows.isEmpty {
            writer.key("lists")
            try windows.write(to: &writer, in: RoomsView(capture.sync.rooms))
        }
        writer.key("rooms")
        writer.beginObject()
        for update in rooms.updates {
            guard let json = update.json else { continue }
            writer.key(update.id.string)
            writer.raw(json)
        }
        writer.endObject()
        writer.key("extensions")
        extras.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
