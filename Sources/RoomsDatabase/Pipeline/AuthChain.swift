import MatrixProtocol
import Store
import StoredIdentifiers

/// The events that a state event's right rests on, as short IDs.
package struct AuthChain: StoreCodable, Equatable {
    /// Those that the event names itself; from room version 12 on with the create event, which the room's ID names.
    package let direct: [ShortEventID]
    /// The others that these lead to, once somebody has asked.
    package let rest: [ShortEventID]?

    /// How many direct ones (1 byte), whether the rest follows (1), and 8 bytes for each.
    package var encoded: [UInt8] {
        [UInt8(direct.count), rest == nil ? 0 : 1] + ShortEventIDs(direct + (rest ?? [])).encoded
    }

    init(direct: [ShortEventID], rest: [ShortEventID]? = nil) {
        precondition(direct.count <= UInt8.max, "an event has few auth events")
        self.direct = direct
        self.rest = rest
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count >= 2 else { throw StoreError.undecodable(bytes, as: "an auth chain") }
        let events = try ShortEventIDs(encoded: Array(bytes[2...])).events
        guard events.count >= Int(bytes[0]) else { throw StoreError.undecodable(bytes, as: "an auth chain") }
        direct = Array(events.prefix(Int(bytes[0])))
        rest = bytes[1] == 0 ? nil : Array(events.dropFirst(Int(bytes[0])))
    }

    package var readable: ReadableValue {
        ["direct": ShortEventIDs(direct).readable, "rest": rest.map { ShortEventIDs($0).readable } ?? .list([])]
    }
}

extension RoomsView {
    /// The auth events of an event, as short IDs; those that nobody has heard of are left out.
    func authEvents(of event: Event, in room: Room) throws -> [ShortEventID] {
        var ids = event.authEvents
        if room.version.roomIDIsCreateHash, event.type != EventType.roomCreate { ids.append(room.create.id) }
        return try reader.get(RoomsMaps.eventIDToShortID, all: ids).compactMap(\.self)
    }

    /// What is kept of an event's auth chain, or, where nothing is, what the event says; nil when it isn't here.
    func authChain(of event: ShortEventID, in room: Room) throws -> AuthChain? {
        if let chain = try reader.get(RoomsMaps.shortEventIDToAuthChain, event) { return chain }
        guard let stored = try self.event(event) else { return nil }
        return AuthChain(direct: try authEvents(of: Event(stored, in: room), in: room))
    }
}

extension RoomsCommit {
    /// Keeps whom a new state event names as auth events.
    func keepAuthEvents(of event: Event, _ shortID: ShortEventID, in room: Room) throws {
        commit.put(RoomsMaps.shortEventIDToAuthChain, shortID, AuthChain(direct: try view.authEvents(of: event, in: room)))
    }

    /// The whole auth chain of an event, by ascending short IDs. That of a state event is kept.
    ///
    /// - Throws: `StateResolutionError.missingEvent` when one of it is not here.
    package func authChain(of event: ShortEventID, in room: Room) throws -> [ShortEventID] {
        var found: Set<ShortEventID> = []
        func chain(_ event: ShortEventID) throws -> AuthChain {
            guard let chain = try view.authChain(of: event, in: room) else {
                throw StateResolutionError.missingEvent(EventNumber(event.number))
            }
            return chain
        }
        let own = try chain(event)
        if let rest = own.rest { return (own.direct + rest).sorted() }
        var waiting = own.direct
        while let next = waiting.popLast() {
            guard found.insert(next).inserted else { continue }
            let chain = try chain(next)
            if let rest = chain.rest { found.formUnion(chain.direct + rest) } else { waiting += chain.direct }
        }
        if try commit.get(RoomsMaps.shortEventIDToAuthChain, event) != nil {
            let rest = found.subtracting(own.direct).sorted()
            commit.put(RoomsMaps.shortEventIDToAuthChain, event, AuthChain(direct: own.direct, rest: rest))
        }
        return found.sorted()
    }
}
