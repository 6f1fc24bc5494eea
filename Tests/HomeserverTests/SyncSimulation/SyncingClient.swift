import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// A simulated client of `GET /sync`: it goes on from token to token, puts together what it is told, and holds it against the truth.
struct SyncingClient: SimulatedClient {
    let world: SimulatedWorld
    let user: UserID
    let device: String
    let wishes: SyncWishes
    private let description: String
    private(set) var isAway = false
    private let isOftenAway: Bool
    private var since: SyncToken?
    private var rooms: [RoomID: KnownRoom] = [:]
    private var global: [String: JSONValue] = [:]
    private var inbox: [String: [Int64]] = [:]
    private var devices: [UserID: String] = [:]

    init(_ world: SimulatedWorld, _ user: UserID, device: String) {
        self.world = world
        self.user = user
        self.device = device
        wishes = SyncWishes(choosing: world)
        description = "\(user) \(device) \(String(decoding: wishes.filter.encoded(), as: UTF8.self)) \(wishes.section.rawValue)"
        isOftenAway = world.isOnce(in: 3)
    }

    /// So many answers in a row may have news while nothing happens.
    private static let newsMax = 10

    private var requester: Requester { Requester(userID: user, deviceID: device) }

    // MARK: - Syncing

    mutating func begin() {
        isAway = isOftenAway && world.isOnce(in: 2)
    }

    mutating func work() async throws {
        for _ in 0...world.choice(8) {
            if world.isOnce(in: 3) { try await world.server.wait(Int64(world.choice(2000))) }
            let timeout = world.one(of: [0, 0, 200, 5000, 30_000] as [Int64])
            // An answer may get lost; then the client asks again.
            if world.isOnce(in: 6) { _ = try await ask(timeout: timeout) }
            try await sync(timeout: timeout, isFullState: world.isOnce(in: 15))
        }
    }

    mutating func settle() async throws {
        for _ in 0..<Self.newsMax {
            if try await sync(timeout: 0) { continue }
            try checkEverything()
            return
        }
        throw SyncMismatch("\(description) is told something again and again")
    }

    private func ask(timeout: Int64, isFullState: Bool = false) async throws -> JSONValue {
        let request = SyncRequest(
            since: since, timeoutMilliseconds: timeout, isFullState: isFullState, stateSection: wishes.section,
            filter: try SyncFilter(checking: wishes.filter))
        return try await world.homeserver.sync.sync(request, for: requester).json()
    }

    /// - Returns: whether there was anything new.
    @discardableResult
    private mutating func sync(timeout: Int64, isFullState: Bool = false) async throws -> Bool {
        let start = world.server.clock.now()
        let answer = try await ask(timeout: timeout, isFullState: isFullState)
        guard let token = answer["next_batch"]?.stringValue.flatMap(SyncToken.init(_:)) else { throw SyncMismatch("no next_batch") }
        let told = ["rooms", "account_data", "to_device", "device_lists", "presence"].filter { answer[$0] != nil }
        if timeout > 0, since != nil, !told.isEmpty { try checkWakeUp(answer, after: start + timeout) }
        try take(answer, token)
        since = token
        return !told.isEmpty
    }

    /// Whoever waits is woken up: what the end of the time brings to light has only just happened.
    private func checkWakeUp(_ answer: JSONValue, after deadline: Int64) throws {
        guard world.server.clock.now() >= deadline else { return }
        for (room, told) in answer["rooms", "join"]?.objectValue ?? [:] where told["timeline", "limited"] == false {
            for event in told["timeline", "events"]?.arrayValue ?? [] {
                guard let time = event["origin_server_ts"]?.integerValue, time < deadline - 100 else { continue }
                throw SyncMismatch("nobody was woken up by \(event) in \(room)")
            }
        }
    }

    // MARK: - Putting together

    private mutating func take(_ answer: JSONValue, _ token: SyncToken) throws {
        let truth = try world.truth()
        let position = token.rooms.position
        func section(_ name: String) -> JSONObject { answer["rooms", name]?.objectValue ?? [:] }
        for (id, told) in section("leave") { try takeLeft(RoomID(trusted: id), told) }
        for (id, told) in section("invite") { try takeStripped(RoomID(trusted: id), told["invite_state"], .invite) }
        for (id, told) in section("knock") { try takeStripped(RoomID(trusted: id), told["knock_state"], .knock) }
        for (id, told) in section("join") {
            let joined = truth.first { $0.id.string == id }?.standing(of: user, at: position).joinedSince
            let isBack = since.map { joined ?? .zero > $0.rooms.position } ?? false
            try takeJoined(RoomID(trusted: id), told, isBack: isBack)
        }
        for event in answer["account_data", "events"]?.arrayValue ?? [] {
            if let type = event["type"]?.stringValue { global[type] = event["content"] }
        }
        for event in answer["to_device", "events"]?.arrayValue ?? [] {
            guard let number = event["content", "n"]?.integerValue, let sender = event["content", "by"]?.stringValue else { continue }
            inbox[sender, default: []].append(number)
        }
        if since == nil {
            for other in world.sharing(with: user, truth, at: position) { devices[other] = try world.devices(of: other) }
        }
        for other in answer["device_lists", "changed"]?.strings ?? [] {
            devices[UserID(trusted: other)] = try world.devices(of: UserID(trusted: other))
        }
        for other in answer["device_lists", "left"]?.strings ?? [] { devices[UserID(trusted: other)] = nil }
        for room in truth { try check(room, at: position) }
        for (sender, numbers) in inbox {
            let sent = world.messages(to: "\(user) \(device)")[sender] ?? []
            try expectSame(numbers, Array(sent.prefix(numbers.count)), "the messages of \(sender)")
        }
    }

    /// - Parameter isBack: whether the user has joined since the last answer.
    private mutating func takeJoined(_ id: RoomID, _ told: JSONValue, isBack: Bool) throws {
        var room = rooms[id] ?? KnownRoom()
        if room.section != .join { room = KnownRoom() }
        if isBack, wishes.lazyLoadsMembers {
            // Nobody tells who has changed while the user was away.
            room.state = room.state.filter { $0.key.type != EventType.roomMember }
            room.senders = []
        }
        let timeline = told["timeline", "events"]?.arrayValue ?? []
        let state = told[wishes.section.rawValue, "events"]?.arrayValue ?? []
        if told["timeline", "limited"] == true {
            try fillGap(of: id, before: timeline, from: told["timeline", "prev_batch"]?.stringValue, &room)
        } else if room.section == nil {
            room.isWhole = true
        }
        room.section = .join
        room.hasState = true
        room.takeState(state)
        if wishes.section == .before { room.takeState(timeline) }
        room.senders.formUnion(timeline.compactMap { $0["sender"]?.stringValue })
        room.events += timeline.eventIDs
        room.takeMessages(timeline)
        room.takeEphemeral(told["ephemeral", "events"]?.arrayValue ?? [])
        room.takeAccountData(told["account_data", "events"]?.arrayValue ?? [])
        room.takeSummary(told["summary"])
        if let unread = told["unread_notifications"] {
            room.unread = (told["unread_thread_notifications"]?.objectValue ?? [:]).reduce(into: [:]) { $0[$1.key] = Self.counts($1.value) }
            room.unread[""] = Self.counts(unread)
        }
        rooms[id] = room
    }

    private static func counts(_ unread: JSONValue) -> [Int64] {
        [unread["notification_count"]?.integerValue ?? -1, unread["highlight_count"]?.integerValue ?? -1]
    }

    /// Pages back from a limited timeline to what the client has.
    private func fillGap(of id: RoomID, before timeline: [JSONValue], from previous: String?, _ room: inout KnownRoom) throws {
        if let first = timeline.eventIDs.first, let index = room.events.firstIndex(of: first) {
            room.events.removeSubrange(index...)
            return
        }
        guard var from = previous.flatMap(PaginationToken.init(_:)) else { throw SyncMismatch("\(id): a gap without prev_batch") }
        let known = Set(room.events)
        var gap: [JSONValue] = []
        while true {
            let request = MessagesRequest(
                from: from, isBackward: true, limit: 1 + world.choice(30), filter: EventFilter(wishes.timeline))
            let page: JSONValue
            do {
                page = try world.rooms.messages(of: id, request, for: requester).json()
            } catch is MatrixError {
                // The user has been removed in the meantime, and may read nothing any more.
                (room.events, room.isWhole) = ([], false)
                return
            }
            let events = page["chunk"]?.arrayValue ?? []
            let new = events.prefix { !known.contains($0["event_id"]?.stringValue ?? "") }
            gap += new
            if new.count < events.count {
                // What comes before it is what the client has.
                if let met = events[new.count]["event_id"]?.stringValue, met != room.events.last {
                    throw SyncMismatch("\(id): the gap leads to \(met), the client has \(room.events)")
                }
                break
            }
            guard let end = page["end"]?.stringValue.flatMap(PaginationToken.init(_:)) else {
                (room.events, room.isWhole) = ([], true)
                break
            }
            from = end
        }
        room.takeMessages(gap.reversed())
        room.events += gap.reversed().eventIDs
    }

    private mutating func takeStripped(_ id: RoomID, _ state: JSONValue?, _ section: KnownRoom.Section) throws {
        let events = state?["events"]?.arrayValue ?? []
        guard let own = events.first(where: { $0["type"] == "m.room.member" && $0["state_key"]?.stringValue == user.string }) else {
            throw SyncMismatch("\(id): the stripped state lacks the member event")
        }
        try expectSame(own["content", "membership"]?.stringValue, section.rawValue, "\(id): the stripped membership")
        rooms[id, default: KnownRoom()].section = section
    }

    private mutating func takeLeft(_ id: RoomID, _ told: JSONValue) throws {
        var room = rooms[id] ?? KnownRoom()
        if room.section != .join { room = KnownRoom() }
        let timeline = told["timeline", "events"]?.arrayValue ?? []
        if told["timeline", "limited"] == true, room.section == .join {
            try fillGap(of: id, before: timeline, from: told["timeline", "prev_batch"]?.stringValue, &room)
        }
        room.section = .leave
        room.takeState(told[wishes.section.rawValue, "events"]?.arrayValue ?? [])
        if wishes.section == .before { room.takeState(timeline) }
        room.takeMessages(timeline)
        room.events += timeline.eventIDs
        rooms[id] = room
    }

    // MARK: - Checking

    /// Holds what is known of a room against the room as it was at the answer's position.
    private func check(_ truth: RoomTruth, at position: Position) throws {
        let standing = truth.standing(of: user, at: position)
        let known = rooms[truth.id]
        let what = "\(truth.id) at \(position) for \(description)"
        switch standing.membership {
        case "join", "invite", "knock": try expectSame(known?.section?.rawValue, standing.membership, what + ": what it is")
        default: if let section = known?.section { try expectSame(section, .leave, what + ": what it is") }
        }
        guard let known else { return }
        if standing.isJoined {
            try checkTimeline(known, truth, at: position, ending: nil, what)
            try checkState(known, truth.state(at: position), what)
            try expectSame(known.joinedCount, Int64(truth.members("join", at: position).count), what + ": joined members")
            try expectSame(known.invitedCount, Int64(truth.members("invite", at: position).count), what + ": invited members")
        } else if standing.isOver {
            let end = standing.event.flatMap(truth.entry)
            try checkTimeline(known, truth, at: position, ending: end?.position == standing.stayEnd ? nil : end, what)
            if known.hasState, let end = standing.stayEnd { try checkEnd(known, truth.state(at: end), end: standing.event, what) }
        }
    }

    private func checkTimeline(
        _ known: KnownRoom, _ truth: RoomTruth, at position: Position, ending: RoomTruth.Entry?, _ what: String
    ) throws {
        let there = (truth.visible(to: user, at: position) + (ending.map { [$0] } ?? [])).filter(wishes.wants).ids
        try expectSame(known.events, known.isWhole ? there : there.suffix(known.events.count), what + ": timeline")
        guard wishes.seesRedactions, ending == nil else { return }
        for entry in truth.entries(upTo: position) where entry.isMessage {
            guard let isRedacted = known.messages[entry.id] else { continue }
            // What was read back after the answer may be redacted already.
            if entry.redaction.map({ !known.events.contains($0) }) ?? !isRedacted { continue }
            try expectSame(isRedacted, entry.redaction != nil, what + ": whether \(entry.id) is redacted")
        }
    }

    private func checkState(_ known: KnownRoom, _ state: [StateKey: String], _ what: String) throws {
        for (key, event) in state where wishes.knows(key) { try expectSame(known.state[key], event, what + ": state \(key)") }
        for (key, event) in known.state where wishes.stateTypes == nil { try expectSame(event, state[key], what + ": state \(key)") }
        guard wishes.lazyLoadsMembers else { return }
        // Who has sent what the client shows is known.
        for sender in known.senders where state[.member(UserID(trusted: sender))] != nil {
            try expectSame(known.state[.member(UserID(trusted: sender))], state[.member(UserID(trusted: sender))], what + ": \(sender)")
        }
    }

    /// The state at the end of a stay; what has ended it may be another event that came after.
    private func checkEnd(_ known: KnownRoom, _ state: [StateKey: String], end: String?, _ what: String) throws {
        for (key, event) in state where wishes.knows(key) && key != .member(user) {
            try expectSame(known.state[key], event, what + ": state \(key) at the end")
        }
    }

    /// Compares what has no place in a timeline, when nothing happens any more.
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
        for room in truth {
            try check(room, at: last)
            guard let known = rooms[room.id], known.section == .join else { continue }
            let what = "\(room.id) for \(description)"
            try expectSame(
                known.accountData.accountDataOfSimulation, try accounts.accountData(of: user, in: room.id).accountDataOfSimulation,
                what + ": account data")
            try world.checkTyping(known.typing, room, what)
            try world.checkReceipts(known.receipts, since: nil, in: room.id, for: user, what)
            if wishes.seesCounts {
                let unread = UnreadModel(of: user, in: room, try world.readPositions(of: user, in: room.id))
                if unread.isUnclear { continue }
                try expectSame(known.unread, unread.told(areThreadsApart: wishes.wantsThreads), what + ": unread")
            }
        }
    }
}
