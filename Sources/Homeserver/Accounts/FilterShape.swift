import CanonicalJSON
import MatrixProtocol

/// Checks that JSON is a filter: every member that the specification knows has its type, and no list is too long ("Filtering"). Others may be
/// anything.
enum FilterShape {
    /// The most types, senders, rooms or fields that one list has: each event is held against all of them.
    static let listEntriesMax = 500

    /// Checks a filter as clients upload it.
    ///
    /// - Throws: `M_BAD_JSON`.
    static func check(_ filter: JSONObject) throws(MatrixError) {
        try check(strings: ["event_fields"], in: filter, "")
        if let format = filter["event_format"], format != "client", format != "federation" {
            throw MatrixError(.badJSON, "event_format must be client or federation")
        }
        for name in ["presence", "account_data"] {
            if let events = try object(name, in: filter, "") { try check(events: events, "\(name).") }
        }
        guard let room = try object("room", in: filter, "") else { return }
        try check(identifiers: ["rooms", "not_rooms"], of: RoomID.self, in: room, "room.")
        try check(bools: ["include_leave"], in: room, "room.")
        for name in ["ephemeral", "state", "timeline", "account_data"] {
            guard let events = try object(name, in: room, "room.") else { continue }
            let place = "room.\(name)."
            try check(events: events, place)
            try check(identifiers: ["rooms", "not_rooms"], of: RoomID.self, in: events, place)
            let switches = ["lazy_load_members", "include_redundant_members", "unread_thread_notifications", "contains_url"]
            try check(bools: switches, in: events, place)
            try check(strings: RelationFilter.typeLists, in: events, place)
            try check(identifiers: RelationFilter.senderLists, of: UserID.self, in: events, place)
        }
    }

    /// Checks an `EventFilter`.
    private static func check(events: JSONObject, _ place: String) throws(MatrixError) {
        if let limit = events["limit"] {
            guard let value = limit.integerValue, value >= 0 else { throw wrong("limit", place, "an integer of at least 0") }
        }
        try check(strings: ["types", "not_types"], in: events, place)
        try check(identifiers: ["senders", "not_senders"], of: UserID.self, in: events, place)
    }

    private static func check(strings names: [String], in object: JSONObject, _ place: String) throws(MatrixError) {
        for name in names {
            guard let elements = try list(name, in: object, place) else { continue }
            guard elements.allSatisfy({ $0.stringValue != nil }) else { throw wrong(name, place, "an array of strings") }
        }
    }

    private static func check<ID: Identifier>(
        identifiers names: [String], of type: ID.Type, in object: JSONObject, _ place: String
    ) throws(MatrixError) {
        for name in names {
            guard let elements = try list(name, in: object, place) else { continue }
            guard elements.allSatisfy({ $0.stringValue.flatMap(ID.init(_:)) != nil }) else {
                throw wrong(name, place, "an array of valid IDs")
            }
        }
    }

    private static func list(_ name: String, in object: JSONObject, _ place: String) throws(MatrixError) -> [JSONValue]? {
        guard let value = object[name] else { return nil }
        guard let elements = value.arrayValue else { throw wrong(name, place, "an array") }
        guard elements.count <= listEntriesMax else { throw wrong(name, place, "an array of at most \(listEntriesMax) entries") }
        return elements
    }

    private static func check(bools names: [String], in object: JSONObject, _ place: String) throws(MatrixError) {
        for name in names {
            guard let value = object[name] else { continue }
            guard value.boolValue != nil else { throw wrong(name, place, "true or false") }
        }
    }

    private static func object(_ name: String, in object: JSONObject, _ place: String) throws(MatrixError) -> JSONObject? {
        guard let value = object[name] else { return nil }
        guard let inner = value.objectValue else { throw wrong(name, place, "an object") }
        return inner
    }

    private static func wrong(_ name: String, _ place: String, _ expectation: String) -> MatrixError {
        MatrixError(.badJSON, "\(place)\(name) must be \(expectation)")
    }
}
