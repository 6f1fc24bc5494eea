internal import CanonicalJSON

/// The checks that an event from outside has to pass before anything else is asked of it: which members it has, of which types, how long
/// (the room version's "Event format"; client-server API, "Size limits").
struct EventFormatCheck {
    /// The room that the event says it belongs to; nil for a create event whose room is named after it.
    let roomID: RoomID?

    private let object: JSONObject
    private let version: RoomVersion

    init(_ object: JSONObject, version: RoomVersion) throws(EventFormatError) {
        self.object = object
        self.version = version
        let type = try Self.string("type", in: object)
        roomID = version.roomIDIsCreateHash && type == EventType.roomCreate ? nil : try Self.roomID(in: object)
        try checkSender()
        try checkLength(of: type, field: "type")
        try checkStateKey()
        if let roomID { try checkLength(of: roomID.string, field: "room_id") }
        if version.eventFormat.carriesEventID { _ = try Self.eventID(in: object) }
        try checkObject("content")
        try checkObject("hashes")
        try checkObject("signatures")
        try checkInteger("origin_server_ts", in: Int64.min...Int64.max)
        try checkInteger("depth", in: 0...version.eventFormat.depthMax)
        try checkEventIDs("prev_events", max: EventLimits.prevEventsMax)
        try checkEventIDs("auth_events", max: EventLimits.authEventsMax)
    }

    private static func string(_ field: String, in object: JSONObject) throws(EventFormatError) -> String {
        guard let value = object[field] else { throw .missing(field: field) }
        guard let string = value.stringValue else { throw .wrongType(field: field, expected: "a string") }
        return string
    }

    private static func roomID(in object: JSONObject) throws(EventFormatError) -> RoomID {
        guard let roomID = RoomID(try string("room_id", in: object)) else { throw .invalidIdentifier(field: "room_id") }
        return roomID
    }

    /// The ID that the event carries, in room versions where it does.
    static func eventID(in object: JSONObject) throws(EventFormatError) -> EventID {
        guard let id = EventID(try string("event_id", in: object)), id.serverName != nil else {
            throw .invalidIdentifier(field: "event_id")
        }
        // Every server has to find room for it, so here bytes count in all room versions.
        guard id.string.utf8.count <= EventLimits.fieldMaxBytes else { throw .fieldTooLong(field: "event_id") }
        return id
    }

    private func checkSender() throws(EventFormatError) {
        let sender = try Self.string("sender", in: object)
        guard UserID(sender) != nil else { throw .invalidIdentifier(field: "sender") }
        try checkLength(of: sender, field: "sender")
    }

    private func checkStateKey() throws(EventFormatError) {
        guard object["state_key"] != nil else { return }
        try checkLength(of: try Self.string("state_key", in: object), field: "state_key")
    }

    /// Room versions before 11 are lenient: what is too long in bytes only may have been accepted by others.
    private func checkLength(of value: String, field: String) throws(EventFormatError) {
        guard value.utf8.count > EventLimits.fieldMaxBytes else { return }
        guard !version.limitsCountBytes, value.unicodeScalars.count <= EventLimits.fieldMaxBytes else {
            throw .fieldTooLong(field: field)
        }
    }

    private func checkObject(_ field: String) throws(EventFormatError) {
        guard let value = object[field] else { throw .missing(field: field) }
        guard value.objectValue != nil else { throw .wrongType(field: field, expected: "an object") }
    }

    private func checkInteger(_ field: String, in range: ClosedRange<Int64>) throws(EventFormatError) {
        guard let value = object[field] else { throw .missing(field: field) }
        guard let integer = value.integerValue else { throw .wrongType(field: field, expected: "an integer") }
        guard range.contains(integer) else { throw .outOfRange(field: field) }
    }

    private func checkEventIDs(_ field: String, max: Int) throws(EventFormatError) {
        guard let value = object[field] else { throw .missing(field: field) }
        let expected = version.eventFormat.carriesEventID ? "a list of pairs of event ID and hashes" : "a list of event IDs"
        guard let values = value.arrayValue else { throw .wrongType(field: field, expected: expected) }
        guard values.count <= max else { throw .tooMany(field: field, count: values.count, max: max) }
        for value in values {
            guard let string = eventID(inReference: value) else { throw .wrongType(field: field, expected: expected) }
            guard EventID(string) != nil else { throw .invalidIdentifier(field: field) }
        }
    }

    /// The event ID in an entry of `prev_events` or `auth_events`; nil if the entry isn't what the room version wants.
    private func eventID(inReference value: JSONValue) -> String? {
        guard version.eventFormat.carriesEventID else { return value.stringValue }
        guard let pair = value.arrayValue, pair.count == 2, pair[1].objectValue != nil else { return nil }
        return pair[0].stringValue
    }
}
