import MatrixProtocol
import Store
import StoredIdentifiers

/// The request by which a device sent an event: repeated, it yields the same event.
package struct Transaction: Sendable {
    package let user: UserID
    package let device: String
    /// The endpoint's own name for it: what the client's transaction ID is unique within, and the ID.
    package let name: String
    /// The client's transaction ID.
    package let id: String

    package init(user: UserID, device: String, name: String, id: String) {
        self.user = user
        self.device = device
        self.name = name
        self.id = id
    }
}

/// An event that has found its place.
package struct AppendedEvent: Sendable {
    package let event: Event
    package let pduID: PDUID
    package let shortID: ShortEventID
}

extension RoomsCommit {
    /// The room's short ID, a new one for a new room.
    package func makeShortRoomID(_ room: RoomID) throws -> ShortRoomID {
        if let short = try view.shortID(of: room) { return short }
        let short = commit.makeShortID(ShortRoomID.self)
        commit.put(RoomsMaps.roomIDToShortID, room, short)
        commit.put(RoomsMaps.shortIDToRoomID, short, room)
        return short
    }

    /// The event's short ID, a new one for an event that nobody has heard of.
    func makeShortEventID(_ event: EventID) throws -> ShortEventID {
        try view.shortID(of: event) ?? makeNewShortEventID(event)
    }

    /// The short ID of an event that nobody has heard of.
    private func makeNewShortEventID(_ event: EventID) -> ShortEventID {
        let short = commit.makeShortID(ShortEventID.self)
        commit.put(RoomsMaps.eventIDToShortID, event, short)
        commit.put(RoomsMaps.shortEventIDToEventID, short, event)
        return short
    }

    /// Appends an authorized event to its room's timeline with all its indexes. Its previous events are the room's extremities, so
    /// the state before it is the room's current state.
    @discardableResult
    package func append(_ event: Event, to room: Room, by transaction: Transaction? = nil) throws -> AppendedEvent {
        try accept(event, in: room, after: .extremities, stateBefore: view.currentState(of: room.shortID), by: transaction)
    }

    /// What an event follows.
    enum Previous {
        /// All of the room's extremities.
        case extremities
        /// Some events of the room, and some that are missing.
        case events([ShortEventID], missing: [ShortEventID] = [])
        /// Nothing that counts here: by the event this server enters the room.
        case nothing(missing: [ShortEventID])

        /// The events that are missing before it.
        var missing: [ShortEventID] {
            switch self {
            case .extremities: []
            case .events(_, let missing), .nothing(let missing): missing
            }
        }
    }

    /// Gives an event that the rules allow its place at the end of its room's timeline, with all its indexes, and takes over what follows
    /// from it for the room's current state.
    func accept(
        _ event: Event, in room: Room, after previous: Previous, stateBefore: ShortStateHash, by transaction: Transaction? = nil,
        _ resolutions: Resolutions = Resolutions()
    ) throws -> AppendedEvent {
        let known = try view.shortID(of: event.id)
        let shortID = known ?? makeNewShortEventID(event.id)
        let current = try view.currentState(of: room.shortID)
        let change = try event.key.map { try stateChange($0, to: shortID, from: stateBefore, isCurrent: stateBefore == current, in: room) }
        if !previous.missing.isEmpty { commit.skipPositions(Self.gapPositions) }
        let position = commit.stamp(kind: RoomsChange.event.rawValue, scope: room.shortID.scope) {
            PDUID(room: room.shortID, position: $0).encoded
        }
        let pduID = PDUID(room: room.shortID, position: position)
        if known != nil { try endStayApart(event.id, shortID, in: room) }
        try enter(event, shortID, at: pduID, stateBefore: stateBefore, replacing: change?.old, in: room)
        if let transaction {
            commit.put(
                RoomsMaps.transactionToEventID, TupleKey(transaction.user, transaction.device, transaction.name), event.id)
            commit.put(RoomsMaps.shortEventIDToTransaction, shortID, TupleKey(transaction.user, transaction.device, transaction.id))
        }
        let appended = AppendedEvent(event: event, pduID: pduID, shortID: shortID)
        let stateAfter = try change.map { try state(stateBefore, with: [$0], in: room.shortID) } ?? stateBefore
        let next = try moveExtremities(to: appended, isKnown: known != nil, after: previous, stateAfter: stateAfter, in: room, resolutions)
        let isLinear = stateBefore == current && next == stateAfter
        try setCurrentState(
            of: room, from: current, to: next, changes: isLinear ? [change].compactMap(\.self) : nil, at: position, by: appended)
        openGap(before: appended, previous.missing, in: room)
        try markIfPartial(shortID, in: room)
        try takeEffect(appended, wasHeardOf: known != nil, in: room)
        return appended
    }

    /// What an event changes in the state before it.
    private func stateChange(
        _ key: StateKey, to event: ShortEventID, from stateBefore: ShortStateHash, isCurrent: Bool, in room: Room
    ) throws -> StateChange {
        let shortKey = try makeShortStateKey(key)
        let old =
            isCurrent
            ? try commit.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, shortKey))
            : try view.event(of: shortKey, in: stateBefore)
        return (shortKey, old, event)
    }

    /// Enters an event at its place of the timeline.
    func enter(
        _ event: Event, _ shortID: ShortEventID, at pduID: PDUID, stateBefore: ShortStateHash, replacing replaced: ShortEventID?,
        in room: Room
    ) throws {
        commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore)
        commit.put(RoomsMaps.eventIDToPDUID, event.id, pduID)
        commit.put(RoomsMaps.shortEventIDToPDUID, shortID, pduID)
        commit.put(RoomsMaps.eventsByTime, FixedKey(room.shortID, event.originServerTS, pduID.order), Empty())
        commit.put(
            RoomsMaps.pduIDToEvent, pduID,
            StoredEvent(id: event.id, shortID: shortID, replaced: replaced ?? .none, json: event.bytes))
        if event.isState { try keepAuthEvents(of: event, shortID, in: room) }
    }

    /// Does what an event in the timeline brings about: relations, search, redactions, the end of delayed events.
    ///
    /// - Parameter wasHeardOf: whether something may have named it before it came.
    func takeEffect(_ appended: AppendedEvent, wasHeardOf: Bool, in room: Room) throws {
        if wasHeardOf { try adoptRelations(to: appended, in: room) }
        try relate(appended, in: room)
        index(appended.event, at: appended.pduID)
        if appended.event.redacts != nil { try applyRedaction(appended, in: room) }
        if wasHeardOf { try applyWaitingRedactions(to: appended, in: room) }
        try cancelDelayedEvents(overtakenBy: appended.event, in: room)
    }
}
