import MatrixProtocol
import Store
import StoredIdentifiers

/// The index of relations and what follows from it, kept as events come and are redacted.
extension RoomsCommit {
    /// When the replacement that counts goes, so many of those that came last are looked at for the next one.
    private static let replacementsMax = 100

    /// Enters a new event among those that relate to what it names.
    func relate(_ appended: AppendedEvent, in room: Room) throws {
        let (relation, relationship) = appended.event.relations
        if let relationship { try enter(relationship, of: appended.shortID) }
        guard let relation else { return }
        let target = try makeShortEventID(relation.target)
        let targetEvent = try relationTarget(target, in: room)
        // An event of another room is nothing to relate to; one that isn't here may still come.
        if targetEvent == nil, try view.reader.contains(RoomsMaps.shortEventIDToPDUID, target) { return }
        let key = RelatedEvent.Key(target, appended.pduID.order, appended.shortID)
        let value = RelatedEvent.Value(relation.type, appended.event.type, appended.event.sender, relation.key)
        commit.put(RoomsMaps.relations, key, value)
        if let hash = AnnotationHash.of(value) { commit.put(RoomsMaps.annotations, FixedKey(target, hash, appended.shortID), Empty()) }
        if let targetEvent { try aggregate([RelatedEvent(key, value)], target: target, targetEvent, in: room) }
    }

    /// Takes over what has related to the event since before it came.
    func adoptRelations(to appended: AppendedEvent, in room: Room) throws {
        let all = try view.relatedEvents(to: appended.shortID)
        // Each of them has been an event of its own, which this one comes after only once.
        try commit.uncounted {
            let here = try all.filter { related in
                let isHere = try commit.get(RoomsMaps.shortEventIDToPDUID, related.shortID)?.room == room.shortID
                if !isHere { try removeRelation(RelatedEvent.Key(appended.shortID, related.order, related.shortID)) }
                return isHere
            }
            try aggregate(here, target: appended.shortID, appended.event, in: room)
        }
    }

    /// Takes an event that is being redacted out of the relations: it no longer says what it related to.
    func unrelate(_ event: Event, _ shortID: ShortEventID, at order: Int64, in room: Room) throws {
        guard let relation = event.relation, let target = try removeRelation(of: event, shortID, at: order) else { return }
        guard var aggregation = try commit.get(RoomsMaps.aggregations, target), let targetEvent = try relationTarget(target, in: room)
        else { return }
        switch relation.type {
        case Relation.replacement where aggregation.replacement == shortID:
            aggregation.replacement = .none
            let newest = try view.relatedEvents(to: target, .min ... .max, .backward, limit: Self.replacementsMax) {
                $0.relationType == Relation.replacement
            }
            for related in newest { try replace(targetEvent, by: related, &aggregation, in: room) }
        case Relation.thread where targetEvent.relation == nil:
            try unthread(event, shortID, from: target, &aggregation, in: room)
        case Relation.reference:
            aggregation.referenceCount -= min(1, aggregation.referenceCount)
        default: return
        }
        put(aggregation, of: target)
    }

    /// Takes an event out of the index of relations.
    ///
    /// - Returns: the event that it has related to; nil when it is not in the index.
    @discardableResult
    func removeRelation(of event: Event, _ shortID: ShortEventID, at order: Int64) throws -> ShortEventID? {
        guard let relation = event.relation, let target = try view.shortID(of: relation.target) else { return nil }
        return try removeRelation(RelatedEvent.Key(target, order, shortID)) ? target : nil
    }

    /// Takes an entry out of the index of relations.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    private func removeRelation(_ key: RelatedEvent.Key) throws -> Bool {
        guard let value = try commit.get(RoomsMaps.relations, key) else { return false }
        let (target, _, event) = key.parts
        commit.delete(RoomsMaps.relations, key)
        if let hash = AnnotationHash.of(value) { commit.delete(RoomsMaps.annotations, FixedKey(target, hash, event)) }
        return true
    }

    /// The event that others relate to, if it is in the room's timeline.
    private func relationTarget(_ target: ShortEventID, in room: Room) throws -> Event? {
        guard let pduID = try commit.get(RoomsMaps.shortEventIDToPDUID, target), pduID.room == room.shortID,
            let stored = try commit.get(RoomsMaps.pduIDToEvent, pduID)
        else { return nil }
        return try Event(stored, in: room)
    }

    /// Counts further events among those that relate to the target.
    private func aggregate(_ related: [RelatedEvent], target: ShortEventID, _ targetEvent: Event, in room: Room) throws {
        if related.isEmpty { return }
        let before = try commit.get(RoomsMaps.aggregations, target) ?? Aggregation()
        var aggregation = before
        for event in related {
            switch event.relationType {
            case Relation.replacement: try replace(targetEvent, by: event, &aggregation, in: room)
            // What relates to another event can't be the root of a thread.
            case Relation.thread where targetEvent.relation == nil: try thread(event, target, &aggregation, in: room)
            case Relation.reference: aggregation.referenceCount += 1
            default: break
            }
        }
        if aggregation != before { put(aggregation, of: target) }
    }

    private func put(_ aggregation: Aggregation, of target: ShortEventID) {
        if aggregation.isEmpty {
            commit.delete(RoomsMaps.aggregations, target)
        } else {
            commit.put(RoomsMaps.aggregations, target, aggregation)
        }
    }

    // MARK: - Replacements

    /// Lets a replacement count, if it is valid and the latest ("Validity of replacement events").
    private func replace(_ original: Event, by related: RelatedEvent, _ aggregation: inout Aggregation, in room: Room) throws {
        // Most of those that aren't valid are told by the index.
        guard related.sender == original.sender, related.type == original.type,
            let replacement = try relationTarget(related.shortID, in: room), replacement.isReplacement(of: original)
        else { return }
        if aggregation.replacement != .none, let standing = try relationTarget(aggregation.replacement, in: room),
            (replacement.originServerTS, replacement.id) < (standing.originServerTS, standing.id)
        {
            return
        }
        aggregation.replacement = related.shortID
    }

    // MARK: - Threads

    private func thread(_ related: RelatedEvent, _ root: ShortEventID, _ aggregation: inout Aggregation, in room: Room) throws {
        aggregation.threadCount += 1
        let participant = TupleKey(root, related.sender)
        commit.put(RoomsMaps.threadParticipants, participant, (try commit.get(RoomsMaps.threadParticipants, participant) ?? 0) + 1)
        let latest = try latestOrder(of: aggregation)
        if latest.map({ $0 < related.order }) ?? true { move(root, from: latest, to: related, &aggregation, in: room) }
    }

    private func unthread(
        _ event: Event, _ shortID: ShortEventID, from root: ShortEventID, _ aggregation: inout Aggregation, in room: Room
    ) throws {
        aggregation.threadCount -= min(1, aggregation.threadCount)
        let participant = TupleKey(root, event.sender)
        let count = try commit.get(RoomsMaps.threadParticipants, participant) ?? 0
        if count > 1 {
            commit.put(RoomsMaps.threadParticipants, participant, count - 1)
        } else {
            commit.delete(RoomsMaps.threadParticipants, participant)
        }
        guard aggregation.threadLatest == shortID else { return }
        let before = try view.relatedEvents(to: root, .min ... .max, .backward, limit: 1) { $0.relationType == Relation.thread }.first
        move(root, from: try latestOrder(of: aggregation), to: before, &aggregation, in: room)
    }

    /// Takes the thread to its place among the room's threads, which are sorted by their latest events.
    private func move(
        _ root: ShortEventID, from order: Int64?, to latest: RelatedEvent?, _ aggregation: inout Aggregation, in room: Room
    ) {
        if let order { commit.delete(RoomsMaps.threads, FixedKey(room.shortID, order)) }
        if let latest { commit.put(RoomsMaps.threads, FixedKey(room.shortID, latest.order), root) }
        aggregation.threadLatest = latest?.shortID ?? .none
    }

    private func latestOrder(of aggregation: Aggregation) throws -> Int64? {
        if aggregation.threadLatest == .none { return nil }
        return try commit.get(RoomsMaps.shortEventIDToPDUID, aggregation.threadLatest)?.order
    }
}
