import CanonicalJSON
import MatrixProtocol

/// A room that has forked: many members whom both sides agree on, and changes on either side. Its events carry no hashes and signatures, which
/// resolution doesn't look at.
struct ForkedRoom: EventLookup {
    private static let creator = "@user0:server0.example.org"
    private static let serverCount = 50
    /// How many changes each power levels event is followed by.
    private static let changesPerLevels = 100

    let version: RoomVersion
    private(set) var events: [Event] = []
    /// Events are numbered by their place in `events`.
    private var authEvents: [EventNumber] = []
    /// Where in `authEvents` those of each event are.
    private var authRanges: [Range<Int>] = []
    private var keyNumbers: [StateKey: StateKeyNumber] = [:]
    private(set) var states: [[StateEntry]] = []

    /// - Parameters:
    ///   - members: how many users are in the room.
    ///   - differences: for how many of them the two states have different events: they have changed their names, or were banned, on one side or
    ///     both. The sides' power levels differ too.
    init(version: RoomVersion, members: Int, differences: Int) throws {
        self.version = version
        var state: [StateKey: EventNumber] = [:]
        var content: JSONObject = ["room_version": .string(version.id)]
        if !version.creatorIsSender { content["creator"] = .string(Self.creator) }
        try add(EventType.roomCreate, "", content, by: Self.creator, to: &state)
        try add(EventType.roomMember, Self.creator, ["membership": "join"], by: Self.creator, to: &state)
        try add(EventType.roomPowerLevels, "", powerLevels(0), by: Self.creator, to: &state)
        try add(EventType.roomJoinRules, "", ["join_rule": "public"], by: Self.creator, to: &state)
        for member in 1..<members {
            try add(EventType.roomMember, Self.user(member), ["membership": "join"], by: Self.user(member), to: &state)
        }
        for side in 0..<2 {
            var own = state
            for member in 1...differences where member % 3 != side {
                if member % Self.changesPerLevels == side + 1 {
                    try add(EventType.roomPowerLevels, "", powerLevels(Int64(2 * member + side)), by: Self.creator, to: &own)
                }
                let name: JSONValue = .string("Name \(side)")
                let isBanned = member % 20 == 7 * (side + 1)
                try add(
                    EventType.roomMember, Self.user(member),
                    isBanned ? ["membership": "ban"] : ["membership": "join", "displayname": name],
                    by: isBanned ? Self.creator : Self.user(member), to: &own)
            }
            states.append(entries(of: own))
        }
    }

    private static func user(_ number: Int) -> String { "@user\(number):server\(number % serverCount).example.org" }

    private func powerLevels(_ number: Int64) -> JSONObject {
        ["users": version.creatorsArePrivileged ? [:] : [Self.creator: 100], "events": ["org.example.change": .integer(number % 50)]]
    }

    private mutating func add(
        _ type: String, _ stateKey: String, _ content: JSONObject, by sender: String, to state: inout [StateKey: EventNumber]
    ) throws {
        let keys = Authorization.authEventKeys(
            type: type, stateKey: stateKey, sender: UserID(trusted: sender), content: content, version: version)
        let rights = keys.compactMap { state[$0] }
        var object: JSONObject = [
            "type": .string(type), "state_key": .string(stateKey), "content": .object(content), "sender": .string(sender),
            "auth_events": .array(rights.map(reference(to:))), "prev_events": .array(events.isEmpty ? [] : [reference(to: EventNumber(0))]),
            "depth": .integer(Int64(events.count)), "origin_server_ts": .integer(Int64(1_000 + events.count)), "hashes": [:],
            "signatures": [:],
        ]
        if let create = events.first {
            object["room_id"] = .string(create.roomID.string)
        } else if !version.roomIDIsCreateHash {
            object["room_id"] = "!room:server0.example.org"
        }
        if version.eventFormat.carriesEventID { object["event_id"] = .string("$event\(events.count):server0.example.org") }
        let event = try Event(object, version: version)
        let number = EventNumber(UInt64(events.count))
        let start = authEvents.count
        authEvents += rights
        if version.roomIDIsCreateHash, !events.isEmpty { authEvents.append(EventNumber(0)) }
        authRanges.append(start..<authEvents.count)
        events.append(event)
        let key = StateKey(type, stateKey)
        state[key] = number
        if keyNumbers[key] == nil { keyNumbers[key] = StateKeyNumber(UInt64(keyNumbers.count)) }
    }

    private func reference(to number: EventNumber) -> JSONValue {
        let id = JSONValue.string(events[Int(number.rawValue)].id.string)
        return version.eventFormat.carriesEventID ? [id, [:]] : id
    }

    private func entries(of state: [StateKey: EventNumber]) -> [StateEntry] {
        state.compactMap { key, event in keyNumbers[key].map { StateEntry(key: $0, event: event) } }.sorted { $0.key < $1.key }
    }

    func event(_ number: EventNumber) -> Event? { events[Int(number.rawValue)] }

    func appendAuthEvents(of number: EventNumber, to numbers: inout [EventNumber]) -> Bool {
        numbers += authEvents[authRanges[Int(number.rawValue)]]
        return true
    }

    func isRejected(_ number: EventNumber) -> Bool { false }

    func number(of key: StateKey) -> StateKeyNumber? { keyNumbers[key] }
}
