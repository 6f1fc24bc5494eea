package import CanonicalJSON

/// What an event's content says of its relation to another event: `m.relates_to` ("Forming relationships between events").
package struct Relation: Sendable, Hashable {
    /// The kind of relation, such as `m.thread`: `rel_type`.
    package let type: String
    /// The event that it refers to.
    package let target: EventID
    /// What an annotation says, such as an emoji.
    package let key: String?

    package init(type: String, target: EventID, key: String? = nil) {
        self.type = type
        self.target = target
        self.key = key
    }

    /// The relation in an event's content; nil where there is none, or one that isn't whole. A rich reply alone is none, since it has no
    /// `rel_type`.
    package init?(_ content: JSONObject) {
        guard let relatesTo = content["m.relates_to"]?.objectValue else { return nil }
        self.init(relatesTo: relatesTo)
    }

    init?(relatesTo: JSONObject) {
        guard let type = relatesTo["rel_type"]?.stringValue, let target = relatesTo["event_id"]?.stringValue.flatMap(EventID.init) else {
            return nil
        }
        self.init(type: type, target: target, key: relatesTo["key"]?.stringValue)
    }

    /// Replaces another event's content ("Event replacements").
    package static let replacement = "m.replace"
    /// Belongs to the thread that another event is the root of ("Threading").
    package static let thread = "m.thread"
    /// Says something short of another event, such as a reaction ("Event annotations and reactions").
    package static let annotation = "m.annotation"
    /// Refers to another event for the sender's own purpose ("Reference relations").
    package static let reference = "m.reference"
}

extension Event {
    /// What the event's content says of its relation to another one; nil where there is none.
    package var relation: Relation? { relations.relation }

    /// What the event's content says of other events, in either way, found by one look at it.
    package var relations: (relation: Relation?, relationship: Relationship?) {
        guard let fields = try? JSONFields(scanning: contentBytes) else { return (nil, nil) }
        func object(_ name: String) -> JSONObject? { fields.slice(name).flatMap { try? JSONValue(parsing: $0) }?.objectValue }
        return (object("m.relates_to").flatMap(Relation.init(relatesTo:)), object("m.relationship").flatMap(Relationship.init))
    }

    /// Whether the event, which relates to another one as its replacement, is a valid one ("Validity of replacement events").
    package func isReplacement(of original: Event) -> Bool {
        sender == original.sender && type == original.type && stateKey == nil && original.stateKey == nil
            && original.relation?.type != Relation.replacement
            && (type == EventType.roomEncrypted || contentMember("m.new_content")?.objectValue != nil)
    }
}
