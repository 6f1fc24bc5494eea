import CanonicalJSON
import MatrixProtocol

/// What the states of a room's events are and which of them are rejected, worked out in the simplest way from the rules, without a
/// database.
struct RoomModel {
    private(set) var stateBefore: [EventID: [StateKey: EventID]] = [:]
    private(set) var rejected: Set<EventID> = []
    private let version: RoomVersion
    private var stateAfter: [EventID: [StateKey: EventID]] = [:]
    private var events: [EventID: Event] = [:]
    private var create: Event?

    /// - Parameter events: all events of the room, each after those that it follows.
    init(of events: [Event], version: RoomVersion) throws {
        self.version = version
        for event in events {
            if create == nil { create = event }
            self.events[event.id] = event
            let before = try resolve(event.prevEvents.map { stateAfter[$0] ?? [:] })
            stateBefore[event.id] = before
            stateAfter[event.id] = before
            do {
                try check(event, before)
                if let key = event.key { stateAfter[event.id]?[key] = event.id }
            } catch is AuthorizationError {
                rejected.insert(event.id)
            }
        }
    }

    private func check(_ event: Event, _ before: [StateKey: EventID]) throws {
        if event.type == EventType.roomCreate, let create, event.id != create.id { throw AuthorizationError.roomHasCreateEvent(create.id) }
        let authEvents = event.authEvents.compactMap { events[$0] }
        try Authorization.checkAuthEvents(authEvents, of: event, version: version) { rejected.contains($0.id) }
        try Authorization.check(event, version: version) { key in
            authEvents.first { $0.key == key } ?? (key == .create ? create : nil)
        }
        try Authorization.check(event, version: version) { key in before[key].flatMap { events[$0] } }
    }

    private func resolve(_ states: [[StateKey: EventID]]) throws -> [StateKey: EventID] {
        var distinct: [[StateKey: EventID]] = []
        for state in states where !distinct.contains(state) { distinct.append(state) }
        guard distinct.count > 1 else { return distinct.first ?? [:] }
        let lookup = Lookup(events: events.values.sorted { $0.id < $1.id }, rejected: rejected, create: create, version: version)
        let lists = distinct.map { state in
            state.compactMap { key, id in lookup.entry(key, id) }.sorted { $0.key < $1.key }
        }
        let resolved = try StateResolution.resolve(lists, version: version, events: lookup)
        return Dictionary(uniqueKeysWithValues: resolved.map { lookup.pair($0) })
    }

    /// Events and keys have their places in sorted lists as numbers.
    private struct Lookup: EventLookup {
        let events: [Event]
        let rejected: Set<EventID>
        let create: Event?
        let version: RoomVersion
        private let numbers: [EventID: Int]
        private let keys: [StateKey]
        private let keyNumbers: [StateKey: Int]

        init(events: [Event], rejected: Set<EventID>, create: Event?, version: RoomVersion) {
            self.events = events
            self.rejected = rejected
            self.create = create
            self.version = version
            numbers = Dictionary(uniqueKeysWithValues: zip(events.map(\.id), events.indices))
            keys = Array(Set(events.compactMap(\.key)))
            keyNumbers = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
        }

        func entry(_ key: StateKey, _ id: EventID) -> StateEntry? {
            guard let key = keyNumbers[key], let event = numbers[id] else { return nil }
            return StateEntry(key: StateKeyNumber(UInt64(key)), event: EventNumber(UInt64(event)))
        }

        func pair(_ entry: StateEntry) -> (StateKey, EventID) { (keys[Int(entry.key.rawValue)], events[Int(entry.event.rawValue)].id) }

        func event(_ number: EventNumber) -> Event? { events[Int(number.rawValue)] }

        func appendAuthEvents(of number: EventNumber, to numbers: inout [EventNumber]) -> Bool {
            let event = events[Int(number.rawValue)]
            var ids = event.authEvents
            if version.roomIDIsCreateHash, event.type != EventType.roomCreate, let create { ids.append(create.id) }
            numbers += ids.compactMap { self.numbers[$0].map { EventNumber(UInt64($0)) } }
            return true
        }

        func isRejected(_ number: EventNumber) -> Bool { rejected.contains(events[Int(number.rawValue)].id) }

        func number(of key: StateKey) -> StateKeyNumber? { keyNumbers[key].map { StateKeyNumber(UInt64($0)) } }
    }
}
