import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// The account data that a sync has to tell of.
struct AccountDataDelta {
    typealias Entry = (type: String, content: [UInt8])

    /// Entries that belong to no room.
    private(set) var global: [Entry] = []
    private var byRoom: [RoomID: [Entry]] = [:]

    /// The rooms with entries that have changed.
    var rooms: [RoomID] { Array(byRoom.keys) }

    /// Whether everything is here, in an initial sync.
    private let isWhole: Bool

    /// Nothing.
    init() {
        isWhole = false
    }

    /// What has changed since a position; everything when there is none.
    ///
    /// - Parameters:
    ///   - log: what the database's log has since then; nil when that is too much, or the log doesn't go back so far.
    ///   - pushRules: which push rules everybody has.
    init(of user: UserID, since: Position?, _ log: [LogEntry]?, in accounts: PublishedSnapshot, _ pushRules: PushRuleOptions) throws {
        let view = AccountsView(accounts)
        isWhole = since == nil
        guard let since else {
            for (room, type, content) in try view.accountData(of: user, after: nil) where room != nil { add((type, content), to: room) }
            global = try view.globalAccountData(of: user, pushRules)
            return
        }
        guard let log else {
            for (room, type, content) in try view.accountData(of: user, after: since) {
                add((type, Self.told(type, content, in: room, of: user, pushRules)), to: room)
            }
            return
        }
        var seen: Set<[UInt8]> = []
        for change in log.map(\.change) where change.scope == .user(user) && change.kind == AccountsChange.accountData.rawValue {
            guard seen.insert(change.key).inserted else { continue }
            let (room, type) = try AccountsChange.accountDataKey(decoding: change.key)
            if let entry = try view.accountDataEntry(of: user, in: room, type: type) {
                add((type, Self.told(type, entry.content, in: room, of: user, pushRules)), to: room)
            }
        }
    }

    /// The room's entries to tell of: all of a room that is new to the client, else those that have changed.
    func room(_ room: RoomID, isNew: Bool, in view: AccountsView, _ user: UserID) throws -> [Entry] {
        // A client may know the room from before, and what was removed meanwhile.
        isNew && !isWhole ? try view.accountData(of: user, in: room, withRemoved: true) : byRoom[room] ?? []
    }

    /// All of it as events in JSON, those of rooms with their `room_id`.
    var events: [[UInt8]] {
        global.map { Self.event($0, in: nil) } + byRoom.flatMap { room, entries in entries.map { Self.event($0, in: room) } }
    }

    private static func event(_ entry: Entry, in room: RoomID?) -> [UInt8] {
        var writer = JSONWriter(capacity: entry.content.count + 128)
        writer.beginObject()
        writer.key("type")
        writer.string(entry.type)
        writer.key("content")
        writer.raw(entry.content)
        if let room {
            writer.key("room_id")
            writer.string(room.string)
        }
        writer.endObject()
        return writer.bytes
    }

    /// An entry's content as clients are told it: push rules with those that everybody has.
    private static func told(_ type: String, _ content: [UInt8], in room: RoomID?, of user: UserID, _ pushRules: PushRuleOptions) -> [UInt8]
    {
        guard room == nil, type == AccountDataType.pushRules else { return content }
        return PushRuleset(content, of: user, pushRules).content.encoded()
    }

    private mutating func add(_ entry: Entry, to room: RoomID?) {
        if let room { byRoom[room, default: []].append(entry) } else { global.append(entry) }
    }
}
