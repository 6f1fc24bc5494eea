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

    let version: RoomVersion
    private let lookup: any EventLookup
    private var indices = NumberTable()
    private var events: [Event?] = []
    private var kinds: [Kind] = []
    private var rejections: [Bool?] = []
    /// Where in `authEventIndices` an event's auth events are; nil until they are asked for.
    private var authRanges: [Range<Int>?] = []
    private var authEventIndices: [Int32] = []

    init(_ lookup: any EventLookup, version: RoomVersion) {
        self.lookup = lookup
        self.version = version
    }

    /// How many events have an index.
    var count: Int { events.count }

    mutating func index(of number: EventNumber) -> Int {
        let (index, isNew) = indices.index(of: number.rawValue)
        if isNew {
            events.append(nil)
            kinds.append(.other)
            rejections.append(nil)
            authRanges.append(nil)
        }
        return index
    }

    func number(of index: Int) -> EventNumber { EventNumber(indices.numbers[index]) }

    /// The event of that index.
    mutating func event(_ index: Int) throws -> Event {
        if let event = events[index] { return event }
        guard let event = try lookup.event(number(of: index)) else { throw StateResolutionError.missingEvent(number(of: index)) }
        guard let key = event.key else { throw StateResolutionError.notAStateEvent(event.id) }
        events[index] = event
        kinds[index] = Kind(key)
        return event
    }

    mutating func kind(_ index: Int) throws -> Kind {
        _ = try event(index)
        return kinds[index]
    }

    mutating func isRejected(_ index: Int) throws -> Bool {
        if let isRejected = rejections[index] { return isRejected }
        let isRejected = try lookup.isRejected(number(of: index))
        rejections[index] = isRejected
        return isRejected
    }

    /// The places of an event's auth events: ask `authEvent(at:)` for each.
    mutating func authEvents(of index: Int) throws -> Range<Int> {
        if let range = authRanges[index] { return range }
        guard let numbers = try lookup.authEvents(of: number(of: index)) else {
            throw StateResolutionError.missingEvent(number(of: index))
        }
        let start = authEventIndices.count
        for number in numbers { authEventIndices.append(Int32(self.index(of: number))) }
        let range = start..<authEventIndices.count
        authRanges[index] = range
        return range
    }

    func authEvent(at place: Int) -> Int { Int(authEventIndices[place]) }

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
            let event = try event(index)
            guard event.membership == .leave || event.membership == .ban else { return false }
            return event.stateKey.map { !UTF8Bytes.equal($0, event.sender.string) } ?? false
        case .thirdPartyInvite, .other: return false
        }
    }
}
