import MatrixProtocol
import Store
import StoredIdentifiers

/// Keeping events until they are sent. Each index says the same as the events themselves, in the same commit.
extension RoomsCommit {
    /// Keeps an event that is to be sent later.
    ///
    /// - Parameter stickiness: for how long it sticks to its room from then on.
    package func schedule(_ event: DelayedEvent, stickiness: Stickiness? = nil) {
        let number = commit.makeShortID(DelayedEventNumber.self)
        if let stickiness { commit.put(RoomsMaps.delayedStickiness, number, stickiness.durationMilliseconds) }
        commit.put(RoomsMaps.delayIDToNumber, event.id, number)
        if let transaction = event.transaction {
            commit.put(RoomsMaps.transactionToDelayedEvent, TupleKey(event.user, event.device, transaction), number)
        }
        if let key = event.stateIndexKey(number) { commit.put(RoomsMaps.stateKeyDelayedEvents, key, Empty()) }
        put(event, number)
    }

    /// Lets an event's delay begin anew.
    ///
    /// - Returns: when it is to be sent, in milliseconds since 1970.
    package func restart(_ event: DelayedEvent, _ number: DelayedEventNumber) -> Int64 {
        var event = event
        unindex(event, number)
        event.runningSince = commit.time
        put(event, number)
        return event.due
    }

    /// Notes what has become of an event. It is never sent after that.
    package func finish(_ event: DelayedEvent, _ number: DelayedEventNumber, _ outcome: DelayedEvent.Outcome) throws {
        var event = event
        unindex(event, number)
        if let key = event.stateIndexKey(number) { commit.delete(RoomsMaps.stateKeyDelayedEvents, key) }
        commit.delete(RoomsMaps.delayedStickiness, number)
        event.content = []
        event.outcome = outcome
        event.finishedAt = commit.time
        put(event, number)
        // What changes nothing isn't sent, and the event that stands instead was sent by other means.
        if case .sent(let id) = outcome, let sent = try view.shortID(of: id), hasWritten(sent) {
            commit.put(RoomsMaps.shortEventIDToDelayID, sent, event.id)
        }
    }

    /// Forgets an event that is over.
    package func forget(_ event: DelayedEvent, _ number: DelayedEventNumber) {
        unindex(event, number)
        commit.delete(RoomsMaps.delayedEvents, number)
        commit.delete(RoomsMaps.delayIDToNumber, event.id)
        if let transaction = event.transaction {
            commit.delete(RoomsMaps.transactionToDelayedEvent, TupleKey(event.user, event.device, transaction))
        }
    }

    /// Takes back what others than its sender were to have set of the same state.
    func cancelDelayedEvents(overtakenBy event: Event, in room: Room) throws {
        guard let key = event.key else { return }
        var entries = try commit.domain(RoomsMaps.stateKeyDelayedEvents, .tuples(room.id, key.type, key.key))
        for (entry, _) in try entries.collect() {
            let number = entry.parts.3
            guard let delayed = try commit.get(RoomsMaps.delayedEvents, number), delayed.user != event.sender else { continue }
            try finish(delayed, number, .cancelled)
        }
    }

    private func put(_ event: DelayedEvent, _ number: DelayedEventNumber) {
        commit.put(RoomsMaps.delayedEvents, number, event)
        commit.put(RoomsMaps.delayedEventsByTime, FixedKey(event.moment, number), Empty())
        if event.outcome == nil { commit.put(RoomsMaps.userDelayedEvents, TupleKey(event.user, event.due, number), Empty()) }
    }

    /// Takes an event out of the indexes by time, which change with it.
    private func unindex(_ event: DelayedEvent, _ number: DelayedEventNumber) {
        commit.delete(RoomsMaps.delayedEventsByTime, FixedKey(event.moment, number))
        if event.outcome == nil { commit.delete(RoomsMaps.userDelayedEvents, TupleKey(event.user, event.due, number)) }
    }
}

extension DelayedEvent {
    /// Where a state event is found by what it sets.
    func stateIndexKey(_ number: DelayedEventNumber) -> TupleKey<RoomID, String, String, DelayedEventNumber>? {
        stateKey.map { TupleKey(room, type, $0, number) }
    }
}
