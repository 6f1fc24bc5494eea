import MatrixProtocol
import Store
import StoredIdentifiers

/// Receiving events, each in a commit of its own.
extension RoomsDatabase {
    /// States with more entries than this, all together, are resolved before the commit.
    package static let resolvedInCommitMax = 2_000
    /// How often others may change the room in the meantime, before the states are resolved within the commit after all.
    private static let lostRacesMax = 3

    /// Takes an event that has passed the checks on it alone (`Event.receive`), and after it those that have waited for it.
    ///
    /// - Parameters:
    ///   - version: the version of the event's room.
    ///   - given: the state before the event, as another server tells it.
    ///   - entriesMax: how many entries all states may have that are resolved within the commit.
    /// - Throws: `PipelineError` when something has to be here first.
    package func receive(
        _ event: Event, version: RoomVersion, before given: GivenState? = nil, resolvingAtMost entriesMax: Int = resolvedInCommitMax
    ) async throws -> Receipt {
        let receipt = try await receiveAlone(event, version: version, before: given, entriesMax)
        try await receiveWaiting(for: event.id, version: version, resolvingAtMost: entriesMax)
        return receipt
    }

    /// Takes the events that have waited for one, and those that have waited for these.
    func receiveWaiting(for event: EventID, version: RoomVersion, resolvingAtMost entriesMax: Int = resolvedInCommitMax) async throws {
        var arrived = [event]
        while let id = arrived.popLast() {
            for waiting in try view().eventsWaiting(for: id, version: version) {
                if case .waiting = try await receiveAlone(waiting, version: version, before: nil, entriesMax) { continue }
                arrived.append(waiting.id)
            }
        }
    }

    private func receiveAlone(
        _ event: Event, version: RoomVersion, before given: GivenState?, _ entriesMax: Int
    ) async throws -> Receipt {
        var resolutions = Resolutions(entriesMax: entriesMax)
        for _ in 0..<2 * Self.lostRacesMax {
            do {
                return try await commit { [resolutions] commit in
                    try commit.receive(event, in: commit.room(of: event, version: version), before: given, resolutions)
                }
            } catch let states as StatesToResolve {
                // What a commit has named that came to nothing has another number the next time.
                let shortID = try await commit { try $0.name(event) }
                let lookup = RoomEvents(view: view(), room: states.room, cache: authEvents, newcomer: (shortID, event))
                guard let resolved = try? StateResolution.resolve(states.states, version: version, events: lookup) else { continue }
                resolutions.add(resolved, of: states)
            }
        }
        return try await commit { try $0.receive(event, in: $0.room(of: event, version: version), before: given) }
    }
}

extension RoomsCommit {
    /// The room of an event: one that is here, or the one that it creates.
    ///
    /// - Throws: `PipelineError.unknownRoom`.
    package func room(of event: Event, version: RoomVersion) throws -> Room {
        if let room = try view.room(event.roomID) { return room }
        if try commit.get(RoomsMaps.disabledRoomIDs, event.roomID) != nil { throw PipelineError.unknownRoom(event.roomID) }
        if event.type == EventType.roomCreate { return try room(createdBy: event, version: version) }
        let create = version.roomIDIsCreateHash ? event.roomID.createEventID : nil
        for id in [create].compactMap(\.self) + event.authEvents {
            guard let stored = try commit.get(RoomsMaps.eventIDToOutlier, id) else { continue }
            let found = try Event(trusted: stored.json, id: id, roomID: event.roomID, version: version)
            if found.key == .create { return try room(createdBy: found, version: version) }
        }
        throw PipelineError.unknownRoom(event.roomID)
    }

    private func room(createdBy create: Event, version: RoomVersion) throws -> Room {
        Room(id: create.roomID, shortID: try makeShortRoomID(create.roomID), version: version, create: create)
    }

    /// Gives an event, and the state key that it sets, their short IDs.
    func name(_ event: Event) throws -> ShortEventID {
        if let key = event.key { _ = try makeShortStateKey(key) }
        return try makeShortEventID(event.id)
    }
}
