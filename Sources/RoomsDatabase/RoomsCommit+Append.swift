import MatrixProtocol
import Store
import StoredIdentifiers

extension RoomsCommit {
    /// Appends an authorized event to its room's timeline with all its indexes. Its previous events are the room's extremities, so
    /// the state before it is the room's current state.
    @discardableResult
    package func append(_ event: Event, to room: Room, by transaction: Transaction? = nil) throws -> AppendedEvent {
        try accept(event, in: room, after: .extremities, stateBefore: view.currentState(of: room.shortID), by: transaction)
    }

    /// What an event follows.
    enum Previous {
        /// All of the room's extremities: the state before it is the current one.
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
        _ prepared: Prepared = Prepared()
    ) throws -> AppendedEvent {
        let known = try view.shortID(of: event.id)
        let shortID = known ?? makeNewShortEventID(event.id)
        let current = if case .extremities = previous { stateBefore } else { try view.currentState(of: room.shortID) }
        let isPartial = try view.isPartial(room.shortID)
        // What is kept by key is the current state where nothing can be ahead of it.
        let isByKey = if case .nothing = previous { false } else { stateBefore == current && !isPartial }
        let change = try event.key.map { try stateChange($0, to: shortID, from: stateBefore, isByKey: isByKey, in: room) }
        if !previous.missing.isEmpty { commit.skipPositions(Self.gapPositions) }
        let position = commit.stamp(kind: RoomsChange.event.rawValue, scope: room.shortID.scope) {
            PDUID(room: room.shortID, position: $0).encoded
        }
        let appended = AppendedEvent(event: event, pduID: PDUID(room: room.shortID, position: position), shortID: shortID)
        try enter(appended, isKnown: known != nil, stateBefore: stateBefore, replacing: change?.old, in: room)
        if let transaction { note(transaction, of: appended) }
        let stateAfter = try change.map { try state(stateBefore, with: [$0], in: room.shortID) } ?? stateBefore
        let next = try moveExtremities(to: appended, isKnown: known != nil, after: previous, stateAfter: stateAfter, in: room, prepared)
        let comparison: StateComparison =
            if case .nothing = previous {
                .withIndex
            } else if stateBefore == current && next == stateAfter {
                .changes([change].compactMap(\.self))
            } else {
                .from(current)
            }
        try setCurrentState(of: room, to: next, by: comparison, at: position, with: appended, prepared)
        openGap(before: appended, previous.missing, in: room)
        if isPartial { mark(shortID, in: room) }
        try stick(appended)
        try takeEffect(appended, wasHeardOf: known != nil, in: room)
        try cancelDelayedEvents(overtakenBy: event, in: room)
        return appended
    }

    /// What an event changes in the state before it.
    ///
    /// - Parameter isByKey: whether that is what is kept by key.
    private func stateChange(
        _ key: StateKey, to event: ShortEventID, from stateBefore: ShortStateHash, isByKey: Bool, in room: Room
    ) throws -> StateChange {
        let shortKey = try makeShortStateKey(key)
        let old =
            isByKey
            ? try commit.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, shortKey))
            : try view.event(of: shortKey, in: stateBefore)
        return (shortKey, old, event)
    }

    /// Enters an event at its place of the timeline.
    ///
    /// - Parameter isKnown: whether it may have been kept apart before.
    func enter(
        _ appended: AppendedEvent, isKnown: Bool, stateBefore: ShortStateHash, replacing replaced: ShortEventID?, in room: Room
    ) throws {
        let (event, pduID, shortID) = (appended.event, appended.pduID, appended.shortID)
        let redaction = isKnown ? try endStayApart(event.id, shortID, in: room) : .none
        noteWriting(shortID)
        commit.put(RoomsMaps.shortEventIDToStateHash, shortID, stateBefore)
        commit.put(RoomsMaps.eventIDToPDUID, event.id, pduID)
        commit.put(RoomsMaps.shortEventIDToPDUID, shortID, pduID)
        commit.put(RoomsMaps.eventsByTime, FixedKey(room.shortID, event.originServerTS, pduID.order), Empty())
        commit.put(
            RoomsMaps.pduIDToEvent, pduID,
            StoredEvent(id: event.id, shortID: shortID, replaced: replaced ?? .none, redaction: redaction, json: event.bytes))
        if event.isState { try keepAuthEvents(of: event, shortID, in: room) }
    }

    /// Keeps by which request an event was sent.
    private func note(_ transaction: Transaction, of appended: AppendedEvent) {
        commit.put(RoomsMaps.transactionToEventID, TupleKey(transaction.user, transaction.device, transaction.name), appended.event.id)
        commit.put(
            RoomsMaps.shortEventIDToTransaction, appended.shortID,
            TupleKey(transaction.user, transaction.device, transaction.name, transaction.id))
    }

    /// Does what an event in the timeline brings about, when it is news and when it is history: relations, search, redactions.
    ///
    /// - Parameter wasHeardOf: whether something may have named it before it came.
    func takeEffect(_ appended: AppendedEvent, wasHeardOf: Bool, in room: Room) throws {
        if wasHeardOf { try adoptRelations(to: appended, in: room) }
        try relate(appended, in: room)
        index(appended.event, at: appended.pduID)
        if appended.event.redacts != nil { try applyRedaction(appended.event, appended.shortID, in: room) }
        if wasHeardOf { try applyWaitingRedactions(to: appended.shortID, in: room) }
    }
}
