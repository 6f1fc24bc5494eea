package import CanonicalJSON

/// What an event's content says of the event that it answers: `m.relationship` (MSC2836). Other than `m.relates_to` it makes trees of any depth.
package struct Relationship: Sendable, Hashable {
    /// The kind of relationship, such as `m.reference`.
    package let type: String
    /// The event that it refers to.
    package let parent: EventID

    /// Reads the value of `m.relationship`; nil where it isn't whole.
    package init?(_ json: JSONObject) {
        guard let type = json["rel_type"]?.stringValue, let parent = json["event_id"]?.stringValue.flatMap(EventID.init) else { return nil }
        self.type = type
        self.parent = parent
    }
}
