import MatrixProtocol
import Store
import StoredIdentifiers

/// Whether the rules allow an event.
extension RoomsCommit {
    /// What the rules say of an event.
    enum Judgement {
        case allowed
        case softFailed(reason: String)
        case rejected(AuthorizationError)
    }

    /// Judges an event by its auth events, by the state before it, by the room's current state, and by what the room's policy server says
    /// of it.
    ///
    /// - Parameters:
    ///   - refusal: why the policy server doesn't recommend it, if it has been asked and doesn't.
    ///   - isPartial: whether the state before it lacks memberships; the current state, which lacks them too, isn't asked then.
    ///   - isOutside: whether this server is only entering the room, so that there is no current state to ask.
    func judge(
        _ event: Event, by authEvents: [Event], stateBefore: ShortStateHash, refusal: String?, isPartial: Bool, isOutside: Bool,
        in room: Room
    ) throws -> Judgement {
        do {
            try check(event, by: authEvents, stateBefore: stateBefore, isPartial: isPartial, in: room)
        } catch let error as AuthorizationError {
            return .rejected(error)
        }
        let current = try view.currentState(of: room.shortID)
        if !(isPartial || isOutside || current == stateBefore || current == .empty) {
            do {
                try Authorization.check(event, version: room.version) { try stateEvent($0, in: current, of: room) }
            } catch let error as AuthorizationError {
                return .softFailed(reason: "\(error)")
            }
        }
        return refusal.map { .softFailed(reason: $0) } ?? .allowed
    }

    /// Checks an event against its auth events and the state before it.
    ///
    /// - Parameter isPartial: whether that lacks memberships: then those among the auth events stand in.
    func check(_ event: Event, by authEvents: [Event], stateBefore: ShortStateHash, isPartial: Bool, in room: Room) throws {
        try check(event, by: authEvents, in: room)
        try Authorization.check(event, version: room.version) { key in
            try stateEvent(key, in: stateBefore, of: room) ?? (isPartial ? authEvents.first { $0.key == key } : nil)
        }
    }

    /// Checks an event against its auth events.
    func check(_ event: Event, by authEvents: [Event], in room: Room) throws {
        let isOtherCreate = event.type == EventType.roomCreate && event.id != room.create.id
        if isOtherCreate { throw AuthorizationError.roomHasCreateEvent(room.create.id) }
        // No event names a create event that is the room's name, so what was rejected isn't found among the auth events.
        if room.version.roomIDIsCreateHash, event.id != room.create.id, try isRejected(room.create) {
            throw AuthorizationError.roomNotFromCreateEvent(room.id)
        }
        let rejected = try Set(authEvents.filter { try isRejected($0) }.map(\.id))
        try Authorization.checkAuthEvents(authEvents, of: event, version: room.version) { rejected.contains($0.id) }
        try Authorization.check(event, version: room.version) { key in
            authEvents.first { $0.key == key } ?? (key == .create ? room.create : nil)
        }
    }

    private func isRejected(_ event: Event) throws -> Bool {
        try view.shortID(of: event.id).map { try view.isRejected($0) } ?? false
    }

    /// The event that a state of the room has for a key, as the rules read it.
    func stateEvent(_ key: StateKey, in state: ShortStateHash, of room: Room) throws -> Event? {
        if try state == view.currentState(of: room.shortID), try key.type != EventType.roomMember || !areMembersAhead(in: room) {
            return try authEvent(key, in: room)
        }
        return try view.event(of: key, in: state).flatMap { try parsedEvent($0, in: room) }
    }
}
