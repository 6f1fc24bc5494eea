/// The events of a resolution by index: each is looked up once, and everything else works on indices.
struct ResolutionEvents {
    /// What the algorithms ask an event's type and key for.
    enum Kind: UInt8 {
        case create
        case powerLevels
        case joinRules
        case member
        case thirdPartyInvite
        case other
    }

    /// What is known of an event beside itself.
    private struct Record {
        var kind = Kind.other
        var membership: Membership?
        /// Whether it is the membership of its sender.
        var isOwnMembership = false
        var isRejected: Bool?
        /// The number of the key that it sets.
        var key: StateKeyNumber?
        /// Where in `authEventIndices` its auth events are; nil until they are asked for.
        var authEvents: Range<Int32>?
    }

    let version: RoomVersion
    private let lookup: any EventLookup
    private var indices: NumberTable
    /// The events that were looked up, by index.
    private var events: [Event?] = []
    private var records: [Record] = []
    private var authEventIndices: [Int32] = []
    /// The auth events of the event that was looked up last.
    private var foundNumbers: [EventNumber] = []

    /// - Parameter capacity: how many events to expect.
    init(_ lookup: any EventLookup, version: RoomVersion, capacity: Int) {
        self.lookup = lookup
        self.version = version
        indices = NumberTable(capacity: capacity)
        events.reserveCapacity(capacity)
        records.reserveCapacity(capacity)
        authEventIndices.reserveCapacity(4 * capacity)
    }

    /// How many events have an index.
    var count: Int { events.count }

    mutating func index(of number: EventNumber) -> Int {
        let (index, isNew) = indices.index(of: number.rawValue)
        if isNew {
            events.append(nil)
            records.append(Record())
        }
        return index
    }

    /// The index of the event that a state has for a key.
    mutating func index(of entry: StateEntry) -> Int {
        let index = index(of: entry.event)
        records[index].key = entry.key
        return index
    }

    func number(of index: Int) -> EventNumber { EventNumber(indices.numbers[index]) }

    /// The event of that index.
    mutating func event(_ index: Int) throws -> Event {
        if let event = events[index] { return event }
        guard let event = try lookup.event(number(of: index)) else { throw StateResolutionError.missingEvent(number(of: index)) }
        guard let key = event.key else { throw StateResolutionError.notAStateEvent(event.id) }
        events[index] = event
        records[index].kind = Kind(key)
        records[index].membership = event.membership
        records[index].isOwnMembership = records[index].kind == .member && UTF8Bytes.equal(key.key, event.sender.string)
        return event
    }

    private mutating func load(_ index: Int) throws {
        if events[index] == nil { _ = try event(index) }
    }

    mutating func kind(_ index: Int) throws -> Kind {
        try load(index)
        return records[index].kind
    }

    mutating func membership(_ index: Int) throws -> Membership? {
        try load(index)
        return records[index].membership
    }

    /// Whether the event is the membership of its sender.
    mutating func isOwnMembership(_ index: Int) throws -> Bool {
        try load(index)
        return records[index].isOwnMembership
    }

    /// The number of the key that the event sets.
    mutating func key(_ index: Int) throws -> StateKeyNumber {
        if let key = records[index].key { return key }
        let event = try event(index)
        guard let key = event.key else { throw StateResolutionError.notAStateEvent(event.id) }
        guard let number = try lookup.number(of: key) else { throw StateResolutionError.unnumberedStateKey(key) }
        records[index].key = number
        return number
    }

    mutating func isRejected(_ index: Int) throws -> Bool {
        if let isRejected = records[index].isRejected { return isRejected }
        let isRejected = try lookup.isRejected(number(of: index))
        records[index].isRejected = isRejected
        return isRejected
    }

    /// The places of an event's auth events: ask `authEvent(at:)` for each.
    mutating func authEvents(of index: Int) throws -> Range<Int> {
        if let range = records[index].authEvents { return Int(range.lowerBound)..<Int(range.upperBound) }
        try lookUpAuthEvents(of: number(of: index))
        let start = authEventIndices.count
        for place in foundNumbers.indices { authEventIndices.append(Int32(self.index(of: foundNumbers[place]))) }
        let range = start..<authEventIndices.count
        records[index].authEvents = Int32(range.lowerBound)..<Int32(range.upperBound)
        return range
    }

    func authEvent(at place: Int) -> Int { Int(authEventIndices[place]) }

    /// Calls `body` with each auth event of an event that needs no index itself.
    mutating func forEachAuthEvent(of number: EventNumber, _ body: (Int) -> Void) throws {
        try lookUpAuthEvents(of: number)
        for place in foundNumbers.indices { body(index(of: foundNumbers[place])) }
    }

    private mutating func lookUpAuthEvents(of number: EventNumber) throws {
        foundNumbers.removeAll(keepingCapacity: true)
        guard try lookup.appendAuthEvents(of: number, to: &foundNumbers) else { throw StateResolutionError.missingEvent(number) }
    }

    /// The first auth event of that kind.
    mutating func authEvent(_ kind: Kind, of index: Int) throws -> Int? {
        for place in try authEvents(of: index) where try self.kind(authEvent(at: place)) == kind { return authEvent(at: place) }
        return nil
    }

    /// The number of a state key; nil if no event has it.
    func number(of key: StateKey) throws -> StateKeyNumber? { try lookup.number(of: key) }
}

extension ResolutionEvents.Kind {
    init(_ key: StateKey) {
        switch key.type {
        case EventType.roomMember: self = .member
        case EventType.roomThirdPartyInvite: self = .thirdPartyInvite
        case EventType.roomPowerLevels where key.key.isEmpty: self = .powerLevels
        case EventType.roomJoinRules where key.key.isEmpty: self = .joinRules
        case EventType.roomCreate where key.key.isEmpty: self = .create
        default: self = .other
        }
    }
}

extension ResolutionEvents {
    /// Whether the event might remove somebody's ability to do something ("Power events"). A create event counts as one with other
    /// servers, since all else rests on it.
    mutating func isPowerEvent(_ index: Int) throws -> Bool {
        switch try kind(index) {
        case .create, .powerLevels, .joinRules: return true
        case .member:
            let membership = try membership(index)
            return try (membership == .leave || membership == .ban) && !isOwnMembership(index)
        case .thirdPartyInvite, .other: return false
        }
    }
}

/// A set of events by their indices.
struct EventSet {
    private var isMember: [Bool]
    /// The events in the order in which they came in.
    private(set) var members: [Int] = []

    /// - Parameter count: how many events have an index.
    init(count: Int) { isMember = Array(repeating: false, count: count) }

    func contains(_ index: Int) -> Bool { index < isMember.count && isMember[index] }

    /// Adds an event.
    ///
    /// - Returns: whether it is new.
    @discardableResult mutating func insert(_ index: Int) -> Bool {
        if index >= isMember.count { isMember += repeatElement(false, count: index + 1 - isMember.count) }
        guard !isMember[index] else { return false }
        isMember[index] = true
        members.append(index)
        return true
    }
}
