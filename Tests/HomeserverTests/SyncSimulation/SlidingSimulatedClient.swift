import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// A simulated client of simplified sliding sync, which looks now at these rooms and now at those, and wants more or less of them.
struct SlidingSimulatedClient: SimulatedClient {
    /// What it has put together of a room.
    private struct Room: Sendable {
        /// The IDs of the newest events, without a gap.
        var timeline: [String] = []
        /// Those who sent them, as far as the client was told who they are.
        var senders: Set<String> = []
        var state: [StateKey: String] = [:]
        var isJoined = false
        var name: String?
        var bumpStamp: Int64?
        var joinedCount: Int64?
        var invitedCount: Int64?
        /// Unread events: those that notify, and those that stand out.
        var unread: [Int64?] = []
        /// Where the client began with the room.
        var beginning = Position.zero

        mutating func take(_ told: JSONValue, at position: Position, lazyLoadsMembers: Bool) {
            if told["initial"] == true {
                self = Room()
                beginning = position
            }
            let events = told["timeline"]?.arrayValue ?? []
            if told["limited"] == true || told["unstable_expanded_timeline"] == true { (timeline, senders) = ([], []) }
            timeline += events.eventIDs
            // Whoever doesn't want the members that it needs isn't told of them later, nor how they change.
            senders = lazyLoadsMembers ? senders.union(events.compactMap { $0["sender"]?.stringValue }) : []
            for event in told["required_state"]?.arrayValue ?? [] {
                state[StateKey(event["type"]?.stringValue ?? "", event["state_key"]?.stringValue ?? "")] = event["event_id"]?.stringValue
            }
            name = told["name"]?.stringValue ?? name
            bumpStamp = told["bump_stamp"]?.integerValue ?? bumpStamp
            joinedCount = told["joined_count"]?.integerValue ?? joinedCount
            invitedCount = told["invited_count"]?.integerValue ?? invitedCount
            unread = ["notification_count", "highlight_count"].map { told[$0]?.integerValue }
        }
    }

    let world: SimulatedWorld
    let user: UserID
    let device: String
    private(set) var isAway = false
    private let isOftenAway: Bool
    private var wishes = SlidingWishes()
    private var position: String?
    private var rooms: [RoomID: Room] = [:]
    private var global: [String: JSONValue] = [:]
    private var roomData: [RoomID: [String: JSONValue]] = [:]
    /// What passes by in rooms.
    private var passing: [RoomID: KnownRoom] = [:]
    private var inbox: [String: [Int64]] = [:]
    private var inboxToken: String?
    private var devices: [UserID: String] = [:]

    /// So many answers in a row may have news while nothing happens.
    private static let newsMax = 10

    init(_ world: SimulatedWorld, _ user: UserID, device: String) {
        self.world = world
        self.user = user
        self.device = device
        isOftenAway = world.isOnce(in: 3)
    }

    private var description: String { "\(user) \(device), who slides: \(wishes)" }
    private var requester: Requester { Requester(userID: user, deviceID: device) }

    // MARK: - Syncing

    mutating func begin() {
        isAway = isOftenAway && world.isOnce(in: 2)
    }

    mutating func work() async throws {
        for _ in 0...world.choice(10) {
            if world.isOnce(in: 3) { try await world.server.wait(Int64(world.choice(2000))) }
            wishes.change(world)
            let timeout = world.one(of: [0, 0, 200, 5000, 30_000] as [Int64])
            // An answer may get lost; then the client asks again, perhaps for something else.
            if position != nil, world.isOnce(in: 5) {
                _ = try await ask(timeout: timeout)
                wishes.change(world)
            }
            try await sync(timeout: timeout)
        }
    }

    mutating func settle() async throws {
        let before = wishes
        defer { wishes = before }
        wishes = .everything
        for _ in 0..<Self.newsMax {
            if try await sync(timeout: 0) { continue }
            try checkEverything()
            return
        }
        throw SyncMismatch("\(description) is told something again and again")
    }

    private func ask(timeout: Int64) async throws -> JSONValue {
        var request = wishes.request(of: user)
        request.position = position
        request.timeoutMilliseconds = timeout
        request.extensions.toDevice = SlidingSyncExtensions.ToDevice(since: inboxToken)
        request.extensions.wantsEncryption = true
        request.extensions.accountData = SlidingSyncExtensions.RoomSelection()
        request.extensions.receipts = SlidingSyncExtensions.RoomSelection()
        request.extensions.typing = SlidingSyncExtensions.RoomSelection()
        request.presence = .offline
        return try await world.homeserver.slidingSync.sync(request, for: requester).json()
    }

    /// - Returns: whether there was anything new.
    @discardableResult
    private mutating func sync(timeout: Int64) async throws -> Bool {
        let answer = try await ask(timeout: timeout)
        guard let text = answer["pos"]?.stringValue, let at = SlidingSyncPosition(text) else { throw SyncMismatch("no pos") }
        try take(answer, at.token.rooms.position)
        position = text
        let extensions = answer["extensions"]
        let isPassing = ["receipts", "typing"].contains { extensions?[$0, "rooms"] != [:] }
        return isPassing || answer["rooms"] != [:] || extensions?["to_device", "events"] != [] || extensions?["e2ee", "device_lists"] != nil
            || extensions?["account_data", "global"] != [] || extensions?["account_data", "rooms"] != [:]
    }

    // MARK: - Putting together

    private mutating func take(_ answer: JSONValue, _ at: Position) throws {
        let truth = try world.truth()
        let told = answer["rooms"]?.objectValue ?? [:]
        var inSight = Set(wishes.subscribed)
        for operation in answer["lists", "all", "ops"]?.arrayValue ?? [] {
            inSight.formUnion((operation["room_ids"]?.strings ?? []).map(RoomID.init(trusted:)))
        }
        for (id, update) in told {
            let id = RoomID(trusted: id)
            rooms[id, default: Room()].take(update, at: at, lazyLoadsMembers: wishes.lazyLoadsMembers)
            try checkGap(before: update, in: id)
        }
        takeExtensions(answer["extensions"] ?? [:])
        if position == nil {
            for other in world.sharing(with: user, truth, at: at) { devices[other] = try world.devices(of: other) }
        }
        for room in truth {
            guard let known = rooms[room.id] else {
                if inSight.contains(room.id), room.standing(of: user, at: at).isJoined {
                    throw SyncMismatch("\(room.id) is in sight of \(description), who wasn't told of it")
                }
                continue
            }
            let standing = room.standing(of: user, at: at)
            if standing.isJoined, inSight.contains(room.id) { try check(known, room, at: at) }
            if standing.isOver, known.isJoined {
                try expectSame(known.timeline.last, standing.event, "\(room.id) at \(at), which is over for \(description)")
            }
            if standing.isOver, inSight.contains(room.id), told[room.id.string] != nil,
                wishes.lazyLoadsMembers || wishes.wants(.member(user), of: user)
            {
                try expectSame(known.state[.member(user)], standing.event, "\(room.id) at \(at): the membership of \(description)")
            }
            if told[room.id.string] != nil || !standing.isJoined { rooms[room.id]?.isJoined = standing.isJoined }
        }
        for (sender, numbers) in inbox {
            let sent = world.messages(to: "\(user) \(device)")[sender] ?? []
            try expectSame(numbers, Array(sent.prefix(numbers.count)), "the messages of \(sender)")
        }
    }

    private mutating func takeExtensions(_ extensions: JSONValue) {
        for event in extensions["account_data", "global"]?.arrayValue ?? [] {
            if let type = event["type"]?.stringValue { global[type] = event["content"] }
        }
        for (room, events) in extensions["account_data", "rooms"]?.objectValue ?? [:] {
            for event in events.arrayValue ?? [] {
                if let type = event["type"]?.stringValue { roomData[RoomID(trusted: room), default: [:]][type] = event["content"] }
            }
        }
        for name in ["receipts", "typing"] {
            for (room, event) in extensions[name, "rooms"]?.objectValue ?? [:] {
                passing[RoomID(trusted: room), default: KnownRoom()].takeEphemeral([event])
            }
        }
        inboxToken = extensions["to_device", "next_batch"]?.stringValue
        for event in extensions["to_device", "events"]?.arrayValue ?? [] {
            guard let number = event["content", "n"]?.integerValue, let sender = event["content", "by"]?.stringValue else { continue }
            inbox[sender, default: []].append(number)
        }
        for other in extensions["e2ee", "device_lists", "changed"]?.strings ?? [] {
            devices[UserID(trusted: other)] = try? world.devices(of: UserID(trusted: other))
        }
        for other in extensions["e2ee", "device_lists", "left"]?.strings ?? [] { devices[UserID(trusted: other)] = nil }
    }

    /// What stands before a timeline is what comes before it in the room.
    private func checkGap(before told: JSONValue, in id: RoomID) throws {
        guard world.isOnce(in: 3), let from = told["prev_batch"]?.stringValue.flatMap(PaginationToken.init(_:)),
            let first = told["timeline"]?.arrayValue?.eventIDs.first,
            let room = try world.truth().first(where: { $0.id == id }), room.standing(of: user, at: Position(.max)).isJoined
        else { return }
        let page = try world.rooms.messages(of: id, MessagesRequest(from: from, isBackward: true, limit: 3), for: requester).json()
        let before = room.visible(to: user, at: Position(.max)).ids.prefix { $0 != first }
        try expectSame(page["chunk"]?.arrayValue?.eventIDs ?? [], Array(before.suffix(3).reversed()), "\(id): what is before \(first)")
    }

    // MARK: - Checking

    /// Holds what is known of a room in sight against the room as it was at the answer's position.
    private func check(_ known: Room, _ truth: RoomTruth, at position: Position) throws {
        let what = "\(truth.id) at \(position) for \(description)"
        let visible = truth.visible(to: user, at: position).ids
        try expectSame(known.timeline, visible.suffix(known.timeline.count), what + ": timeline")
        let entries = truth.entries(upTo: position)
        if visible.count == entries.count {
            let least = min(wishes.limit, visible.count)
            try expectSame(known.timeline.count >= least, true, what + ": \(known.timeline.count) events, \(least) are wanted")
            let bumps = entries.filter { $0.isMessage || $0.type == "m.room.create" }
            try expectSame(known.bumpStamp, bumps.last?.position.value, what + ": bump stamp")
        }
        let state = truth.state(at: position)
        for (key, event) in state where wishes.wants(key, of: user) { try expectSame(known.state[key], event, what + ": state \(key)") }
        if wishes.lazyLoadsMembers {
            for sender in known.senders {
                let key = StateKey.member(UserID(trusted: sender))
                try expectSame(known.state[key], state[key], what + ": the sender \(sender)")
            }
        }
        let name = state[.name].flatMap(truth.entry)?.content["name"]?.stringValue
        if let name { try expectSame(known.name, name, what + ": name") }
        try expectSame(known.joinedCount, Int64(truth.members("join", at: position).count), what + ": joined members")
        try expectSame(known.invitedCount, Int64(truth.members("invite", at: position).count), what + ": invited members")
    }

    private func checkEverything() throws {
        let truth = try world.truth()
        let accounts = world.homeserver.accounts.database.view()
        let last = Position(.max)
        try expectSame(inbox, world.messages(to: "\(user) \(device)"), "the messages to \(description)")
        let sharing = world.sharing(with: user, truth, at: last)
        try expectSame(devices, try sharing.reduce(into: [:]) { $0[$1] = try world.devices(of: $1) }, "devices for \(description)")
        try expectSame(
            global.accountDataOfSimulation, try accounts.globalAccountData(of: user, PushRuleOptions()).accountDataOfSimulation,
            "account data of \(description)")
        for room in truth where room.standing(of: user, at: last).isJoined {
            guard let known = rooms[room.id] else { throw SyncMismatch("\(room.id) is unknown to \(description)") }
            try check(known, room, at: last)
            try expectSame(
                (roomData[room.id] ?? [:]).accountDataOfSimulation,
                try accounts.accountData(of: user, in: room.id).accountDataOfSimulation, "\(room.id): account data of \(description)")
            let what = "\(room.id) for \(description)"
            try world.checkTyping(passing[room.id]?.typing ?? [], room, what)
            try world.checkReceipts(passing[room.id]?.receipts ?? [:], since: known.beginning, in: room.id, for: user, what)
            let unread = UnreadModel(of: user, in: room, try world.readPositions(of: user, in: room.id))
            if unread.isUnclear { continue }
            try expectSame(known.unread, unread.total, what + ": unread")
        }
    }
}
