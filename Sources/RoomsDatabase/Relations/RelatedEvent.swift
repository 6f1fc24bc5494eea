import MatrixProtocol
import Store
import StoredIdentifiers

/// An event that relates to another one, as the index of relations knows it: enough to choose by, without reading the event.
package struct RelatedEvent: Sendable, Hashable {
    /// The event's short ID.
    package let shortID: ShortEventID
    /// Its place in the room's timeline.
    package let order: Int64
    /// The kind of relation: `rel_type`.
    package let relationType: String
    /// The event's own type.
    package let type: String
    package let sender: UserID
    /// What an annotation says.
    package let key: String?

    init(_ key: Key, _ value: Value) {
        (_, order, shortID) = key.parts
        (relationType, type, sender, self.key) = value.parts
    }

    /// The event that is related to, the place of the one that relates to it, and that one.
    package typealias Key = FixedKey<ShortEventID, Int64, ShortEventID>
    /// Relation type, event type, sender, annotation.
    package typealias Value = TupleKey<String, String, UserID, String?>
}
