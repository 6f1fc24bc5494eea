import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// Events that are made here.
extension RoomsCommit {
    /// Makes an event from the template, checks that the room's state allows it, and appends it.
    ///
    /// A state event that would change nothing isn't sent: the one that stands is returned.
    ///
    /// - Throws: `AuthorizationError` when the room's state doesn't allow it, `EventFormatError` when it can't be an event.
    package func send(_ template: EventTemplate, in room: Room, signingKey: SigningKey, by transaction: Transaction? = nil) throws
        -> EventID
    {
        if let transaction, let sent = try view.eventID(transaction) { return sent }
        if let standing = try standingEvent(for: template, in: room) { return standing }
        let event = try makeEvent(template, after: view.extremities(of: room.shortID), in: room, signingKey: signingKey)
        return try append(event, to: room, by: transaction).event.id
    }

    /// The room's current event for a state key, as the authorization rules read it.
    package func authEvent(_ key: StateKey, in room: Room) throws -> Event? {
        if key == .create { return room.create }
        return try view.currentEventID(key, in: room.shortID).flatMap { try parsedEvent($0, in: room) }
    }

    /// An event of the room by its short ID, remembered for the next time.
    func parsedEvent(_ shortID: ShortEventID, in room: Room) throws -> Event? {
        if let event = authEvents[shortID] { return event }
        guard let stored = try view.event(shortID) else { return nil }
        let event = try Event(stored, in: room)
        if !hasWritten(shortID) { authEvents.remember(event, shortID) }
        return event
    }

    /// Who may do what in the room now.
    package func powerLevels(in room: Room) throws -> PowerLevels {
        PowerLevels(try authEvent(.powerLevels, in: room), create: room.create, version: room.version)
    }

    private func makeEvent(
        _ template: EventTemplate, after extremities: [(event: ShortEventID, depth: Int64)], in room: Room,
        signingKey: SigningKey
    ) throws -> Event {
        let rights = try Authorization.authEventKeys(for: template, version: room.version).compactMap { try authEvent($0, in: room) }
        let event = try Event.build(
            template, version: room.version, prevEvents: try references(to: extremities.map(\.event), in: room),
            authEvents: rights.map { EventReference($0, version: room.version) },
            depth: room.version.eventFormat.depth(after: extremities.map(\.depth)), originServerTS: commit.time,
            serverName: serverName, signingKey: signingKey)
        try Authorization.check(event, version: room.version) { key in
            rights.first { $0.key == key } ?? (key == .create ? room.create : nil)
        }
        return event
    }

    /// How the next event names its previous ones. Only where that takes their hashes are they read.
    private func references(to events: [ShortEventID], in room: Room) throws -> [EventReference] {
        guard room.version.eventFormat.carriesEventID else { return try view.eventIDs(of: events).map { EventReference($0) } }
        return try view.events(events).map { EventReference(try Event($0, in: room), version: room.version) }
    }

    /// The current state event, when it is the sender's own and says the same.
    private func standingEvent(for template: EventTemplate, in room: Room) throws -> EventID? {
        // Who is no longer in the room isn't told that what they once set still stands.
        guard let stateKey = template.stateKey,
            try template.type == EventType.roomMember || view.isJoined(template.sender, to: room.shortID),
            let current = try view.currentEvent(StateKey(template.type, stateKey), in: room.shortID)
        else { return nil }
        let event = try Event(current, in: room)
        return event.sender == template.sender && event.content == template.content ? current.id : nil
    }
}
