import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// A room that an answer may have to tell of, and what is wanted of it.
struct WantedRoom: Sendable {
    let entry: UserRoomList.Entry
    var wishes: RoomWishes
    /// The lists in whose windows it stands.
    var lists: Set<String> = []
    var isSubscribed = false

    /// Whether the user has left it, or was banned from it, since a position.
    func isOver(since position: Position?) -> Bool {
        guard case .left(let left) = entry.standing, let position else { return false }
        return left.position > position
    }
}

/// The parts of the lists that a client looks at, and the rooms that it has subscribed to.
struct RoomWindows {
    /// A list: how many rooms it has, and those at the places that are wanted.
    private struct Window {
        let name: String
        let count: Int
        let parts: [(range: ClosedRange<Int>, rooms: [ShortRoomID])]
    }

    private var windows: [Window] = []
    /// The rooms that are wanted, the newest activity first, those that are only subscribed to at the end.
    private(set) var rooms: [WantedRoom] = []

    init(_ request: SlidingSyncRequest, _ capture: SyncCapture, since: Position?, _ facts: RoomFacts) throws {
        if request.lists.isEmpty && request.subscriptions.isEmpty { return }
        var wanted: [ShortRoomID: WantedRoom] = [:]
        if !request.lists.isEmpty {
            let all = try UserRoomList(capture, since: since, facts).entries
            let filtering = RoomFiltering(capture, facts)
            for (name, list) in request.lists.sorted(by: { $0.key < $1.key }) {
                let rooms = try filtering.rooms(of: list, among: all)
                var parts: [(range: ClosedRange<Int>, rooms: [ShortRoomID])] = []
                for range in list.ranges {
                    let part = range.lowerBound < rooms.count ? rooms[range.clamped(to: 0...rooms.count - 1)] : []
                    parts.append((range, part.map(\.room)))
                    for entry in part where wanted[entry.room]?.lists.contains(name) != true {
                        wanted[entry.room, default: WantedRoom(entry: entry, wishes: list.wishes)].wishes.formUnion(list.wishes)
                        wanted[entry.room]?.lists.insert(name)
                    }
                }
                windows.append(Window(name: name, count: rooms.count, parts: parts))
            }
        }
        try subscribe(to: request.subscriptions, capture, &wanted)
        try Self.check(wanted.values.reduce(into: []) { $0.insert($1.wishes.requiredState) })
        rooms = wanted.values.sorted { ($0.entry.activity, $0.entry.room) > ($1.entry.activity, $1.entry.room) }
    }

    /// - Throws: `M_INVALID_PARAM` for more wishes for state than are remembered of a connection.
    private static func check(_ requiredStates: Set<RequiredState>) throws(MatrixError) {
        let sizeBytes = requiredStates.reduce(0) { $0 + $1.encoded.count }
        guard requiredStates.count <= requiredStatesMax, sizeBytes <= requiredStatesMaxBytes else {
            throw MatrixError(
                .invalidParameter,
                "The rooms may want \(requiredStatesMax) different required_state at most, of \(requiredStatesMaxBytes) bytes together")
        }
    }

    /// A connection remembers more: those of earlier requests.
    private static let requiredStatesMax = SlidingConnection.requiredStatesMax / 2
    private static let requiredStatesMaxBytes = 256 << 10

    /// Takes in the rooms that the client has subscribed to and the user has to do with.
    private func subscribe(
        to subscriptions: [RoomID: RoomWishes], _ capture: SyncCapture, _ wanted: inout [ShortRoomID: WantedRoom]
    ) throws {
        let view = RoomsView(capture.rooms)
        let user = capture.requester.userID
        for (id, wishes) in subscriptions {
            guard let room = try view.shortID(of: id) else { continue }
            if wanted[room] == nil {
                let standing = try view.standing(of: user, in: room)
                switch standing {
                case .stranger: continue
                case .invited(let invite):
                    if try HiddenInvites(of: user, in: AccountsView(capture.accounts)).contains(invite) { continue }
                case .left(let left):
                    if left.isForgotten { continue }
                case .joined, .knocked: break
                }
                let entry = UserRoomList.Entry(room: room, standing: standing, activity: .zero)
                wanted[room] = WantedRoom(entry: entry, wishes: wishes)
            }
            if try wishes.requiredState.needsMembers(notOn: user.serverName) && view.isPartial(room) {
                // What it needs isn't there yet; what the lists want of it is.
                if wanted[room]?.lists.isEmpty == true { wanted[room] = nil }
                continue
            }
            wanted[room]?.wishes.formUnion(wishes)
            wanted[room]?.isSubscribed = true
        }
    }

    /// Adds a room that the client has to be told of wherever it stands.
    mutating func add(_ room: WantedRoom) {
        rooms.append(room)
    }

    /// Whether there are no lists.
    var isEmpty: Bool { windows.isEmpty }

    /// Writes the object with the lists.
    func write(to writer: inout JSONWriter, in view: RoomsView) throws {
        writer.beginObject()
        for window in windows {
            writer.key(window.name)
            writer.beginObject()
            writer.key("count")
            writer.integer(Int64(window.count))
            writer.key("ops")
            writer.beginArray()
            for (range, rooms) in window.parts {
                writer.beginObject()
                writer.key("op")
                writer.string("SYNC")
                writer.key("range")
                writer.value([.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))])
                writer.key("room_ids")
                writer.beginArray()
                for id in try view.roomIDs(of: rooms) { writer.string(id.string) }
                writer.endArray()
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
    }
}
