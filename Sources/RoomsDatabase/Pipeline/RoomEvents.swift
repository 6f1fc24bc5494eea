import MatrixProtocol
import Store
import StoredIdentifiers

/// A room's events for state resolution: short IDs are its numbers.
struct RoomEvents: EventLookup {
    let view: RoomsView
    let room: Room
    /// Parsed events that are remembered.
    let cache: EventCache
    /// Events that are not stored yet.
    var newcomers: [ShortEventID: Event] = [:]

    func event(_ number: EventNumber) throws -> Event? {
        let shortID = ShortEventID(number: number.rawValue)
        if let newcomer = newcomers[shortID] { return newcomer }
        if let event = cache[shortID] { return event }
        return try view.event(shortID).map { try Event($0, in: room) }
    }

    func appendAuthEvents(of number: EventNumber, to numbers: inout [EventNumber]) throws -> Bool {
        let shortID = ShortEventID(number: number.rawValue)
        if let newcomer = newcomers[shortID] {
            numbers += try view.authEvents(of: newcomer, in: room).map { EventNumber($0.number) }
            return true
        }
        guard let chain = try view.authChain(of: shortID, in: room) else { return false }
        for event in chain.direct { numbers.append(EventNumber(event.number)) }
        return true
    }

    func isRejected(_ number: EventNumber) throws -> Bool { try view.isRejected(ShortEventID(number: number.rawValue)) }

    func number(of key: StateKey) throws -> StateKeyNumber? {
        try view.shortStateKey(key).map { StateKeyNumber($0.number) }
    }
}
