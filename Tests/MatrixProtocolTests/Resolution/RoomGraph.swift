import CanonicalJSON
import MatrixProtocol
import Testing

/// A room's events with the state before each and what was rejected: found by the rules and by resolution, as a server does.
struct RoomGraph {
    typealias State = [StateKey: EventID]

    let version: RoomVersion
    private(set) var events: [EventID: Event] = [:]
    /// The events in the order in which they were added.
    private(set) var order: [EventID] = []
    private(set) var stateBefore: [EventID: State] = [:]
    private(set) var stateAfter: [EventID: State] = [:]
    private(set) var rejected: Set<EventID> = []
    /// Events that no other one follows.
    private(set) var extremities: Set<EventID> = []

    init(version: RoomVersion) { self.version = version }

    var create: Event? { order.first.flatMap { events[$0] } }

    /// Adds an event whose previous events are there.
    mutating func add(_ event: Event) throws {
        let before = try resolve(event.prevEvents.map { try #require(stateAfter[$0]) })
        events[event.id] = event
        order.append(event.id)
        extremities.subtract(event.prevEvents)
        extremities.insert(event.id)
        stateBefore[event.id] = before
        stateAfter[event.id] = before
        if try isAllowed(event, before: before) {
            if let key = event.key { stateAfter[event.id]?[key] = event.id }
        } else {
            rejected.insert(event.id)
        }
    }

    /// Server-server API, "Checks performed on receipt of a PDU", steps 4 and 5.
    private func isAllowed(_ event: Event, before: State) throws -> Bool {
        do {
            let authEvents = try event.authEvents.map { try #require(events[$0]) }
            try Authorization.checkAuthEvents(authEvents, of: event, version: version) { rejected.contains($0.id) }
            try Authorization.check(event, version: version) { key in
                authEvents.first { $0.key == key } ?? (key == .create ? create : nil)
            }
            try Authorization.check(event, version: version) { key in before[key].flatMap { events[$0] } }
            return true
        } catch is AuthorizationError {
            return false
        }
    }

    /// The resolution of states; `salt` chooses other numbers for events and keys.
    func resolve(_ states: [State], salt: UInt64 = 0) throws -> State {
        let lookup = GraphLookup(self, salt: salt)
        let numbered = try states.map { state in try lookup.entries(of: state) }
        let resolved = try StateResolution.resolve(numbered, version: version, events: lookup)
        #expect(zip(resolved, resolved.dropFirst()).allSatisfy { $0.key < $1.key })
        return try lookup.state(of: resolved)
    }

    /// The same events, added in another order.
    func replayed(in order: [EventID]) throws -> RoomGraph {
        var graph = RoomGraph(version: version)
        for id in order { try graph.add(try #require(events[id])) }
        return graph
    }
}

/// The events of a graph by number.
struct GraphLookup: EventLookup {
    private let graph: RoomGraph
    private var events: [EventNumber: Event] = [:]
    private var eventNumbers: [EventID: EventNumber] = [:]
    private var keys: [StateKeyNumber: StateKey] = [:]
    private var keyNumbers: [StateKey: StateKeyNumber] = [:]
    /// Events that count as rejected beside those that the graph knows as such.
    var alsoRejected: Set<EventID> = []

    init(_ graph: RoomGraph, salt: UInt64) {
        self.graph = graph
        for (index, id) in graph.order.enumerated() {
            guard let event = graph.events[id] else { continue }
            // Odd factors keep numbers apart.
            let number = EventNumber((UInt64(index) &+ salt) &* (2 &* salt &+ 1))
            events[number] = event
            eventNumbers[id] = number
            if let key = event.key, keyNumbers[key] == nil {
                let number = StateKeyNumber((UInt64(keys.count) ^ salt) &* (2 &* salt &+ 1))
                keys[number] = key
                keyNumbers[key] = number
            }
        }
    }

    /// Forgets an event.
    mutating func remove(_ id: EventID) {
        if let number = eventNumbers[id] { events[number] = nil }
    }

    func event(_ number: EventNumber) -> Event? { events[number] }

    func appendAuthEvents(of number: EventNumber, to numbers: inout [EventNumber]) -> Bool {
        guard let event = events[number] else { return false }
        var ids = event.authEvents
        if graph.version.roomIDIsCreateHash, event.type != EventType.roomCreate { ids.append(event.roomID.createEventID) }
        numbers += ids.compactMap { eventNumbers[$0] }
        return true
    }

    func isRejected(_ number: EventNumber) -> Bool {
        events[number].map { graph.rejected.contains($0.id) || alsoRejected.contains($0.id) } ?? false
    }

    func number(of key: StateKey) -> StateKeyNumber? { keyNumbers[key] }

    func number(of id: EventID) throws -> EventNumber { try #require(eventNumbers[id]) }

    func entries(of state: RoomGraph.State) throws -> [StateEntry] {
        try state.map { StateEntry(key: try #require(keyNumbers[$0.key]), event: try number(of: $0.value)) }.sorted { $0.key < $1.key }
    }

    func state(of entries: [StateEntry]) throws -> RoomGraph.State {
        var state: RoomGraph.State = [:]
        for entry in entries { state[try #require(keys[entry.key])] = try #require(events[entry.event]).id }
        return state
    }
}
