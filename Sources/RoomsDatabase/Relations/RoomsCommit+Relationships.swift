import MatrixProtocol
import Store
import StoredIdentifiers

/// The index of `m.relationship` (MSC2836), kept as events come and are redacted.
extension RoomsCommit {
    /// Enters a new event among the children of the one that it refers to.
    func enter(_ relationship: Relationship, of event: ShortEventID) throws {
        let parent = try makeShortEventID(relationship.parent)
        commit.put(RoomsMaps.relationships, FixedKey(parent, event), relationship.type)
    }

    /// Takes an event that is being redacted out of its parent's children.
    func removeRelationship(of event: Event, _ shortID: ShortEventID) throws {
        guard let relationship = event.relations.relationship, let parent = try view.shortID(of: relationship.parent) else { return }
        commit.delete(RoomsMaps.relationships, FixedKey(parent, shortID))
    }
}

extension RoomsView {
    /// The events that refer to each of the events by `m.relationship`, and how.
    package func children(of event: ShortEventID) throws -> [(event: ShortEventID, type: String)] {
        var entries = try reader.domain(RoomsMaps.relationships, .fixed(event))
        return try entries.collect().map { ($0.key.parts.1, $0.value) }
    }
}
