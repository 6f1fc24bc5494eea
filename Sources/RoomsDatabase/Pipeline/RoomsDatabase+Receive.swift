import MatrixProtocol
import Store
import StoredIdentifiers

/// Receiving events, each in a commit of its own.
extension RoomsDatabase {
    /// Takes an event that has passed the checks on it alone (`Event.receive`), and after it those that have waited for it.
    ///
    /// A room's events are taken one after the other.
    ///
    /// - Parameters:
    ///   - version: the version of the event's room.
    ///   - given: the state before the event, as another server tells it.
    ///   - refusal: why the room's policy server doesn't recommend the event, if it has been asked and doesn't.
    /// - Throws: `PipelineError` when something has to be here first.
    package func receive(
        _ event: Event, version: RoomVersion, before given: GivenState? = nil, refusal: String? = nil,
        within limits: CommitLimits = CommitLimits()
    ) async throws -> Receipt {
        let receipt = try await receiveAlone(event, version: version, before: given, refusal: refusal, within: limits)
        if receipt.endsWaits { await receiveWaiting(for: event.id, in: event.roomID, version: version, within: limits) }
        return receipt
    }

    /// Takes the events that have waited for one, and those that have waited for these. One that can't be taken goes on waiting.
    func receiveWaiting(for event: EventID, in room: RoomID, version: RoomVersion, within limits: CommitLimits) async {
        var arrived = [event]
        while let id = arrived.popLast() {
            for waiting in (try? view().eventsWaiting(for: id, in: room, version: version)) ?? [] {
                let receipt =
                    if let anchor = waiting.anchor {
                        try? await receiveHistory(waiting.event, before: anchor, version: version, within: limits)
                    } else {
                        try? await receiveAlone(waiting.event, version: version, within: limits)
                    }
                if receipt?.endsWaits ?? false { arrived.append(waiting.event.id) }
            }
        }
    }

    private func receiveHistory(
        _ event: Event, before anchor: EventID, version: RoomVersion, within limits: CommitLimits
    ) async throws -> Receipt? {
        try await commit(in: event.roomID, taking: [event], within: limits) { commit, prepared in
            try commit.receiveHistory([event], placeCount: 1, before: anchor, version: version, states: [:], prepared).first
        }
    }

    /// Goes on with events whose wait was over when the program ended.
    package func receiveArrivedEvents() async throws {
        for (event, roomID) in try view().arrivedEvents() {
            guard let room = try room(roomID) else { continue }
            await receiveWaiting(for: event, in: roomID, version: room.version, within: CommitLimits())
        }
    }

    private func receiveAlone(
        _ event: Event, version: RoomVersion, before given: GivenState? = nil, refusal: String? = nil, within limits: CommitLimits
    ) async throws -> Receipt {
        try await commit(in: event.roomID, taking: [event], given: given.map { [event.id: $0] } ?? [:], within: limits) {
            commit, prepared in
            try commit.receive(event, in: commit.room(of: event, version: version), before: given, refusal: refusal, prepared)
        }
    }
}

extension RoomsCommit {
    /// The room of an event: one that is here, or the one that it creates.
    ///
    /// - Throws: `PipelineError.unknownRoom`, `PipelineError.otherRoomVersion`.
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
        // From here on it is the create event that says which version it is, so one that came without its content doesn't do.
        guard RoomVersion(CreateContent(create.content).roomVersionID) == version else {
            throw PipelineError.otherRoomVersion(create.roomID)
        }
        return Room(id: create.roomID, shortID: try makeShortRoomID(create.roomID), version: version, create: create)
    }
}
