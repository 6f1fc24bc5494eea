import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Writes events as clients read them: the members that clients know, spliced from the stored bytes, and `unsigned` made for the
/// one who asks ("Events" in the client-server API).
struct ClientEvents {
    /// Where what belongs to an event is looked up.
    let view: RoomsView
    /// Who will read them.
    let requester: Requester
    /// Now, in milliseconds.
    let now: Int64

    /// The members that are taken over as they are.
    private static let splicedMembers = ["origin_server_ts", "sender", "state_key", "type"]

    /// Writes the events as array elements.
    ///
    /// - Parameter roomID: the room, where each event is to name it.
    func write(_ events: [StoredEvent], roomID: RoomID?, to writer: inout JSONWriter) throws {
        let scanned = try events.map { (event: $0, fields: try JSONFields(scanning: $0.json)) }
        let own = scanned.filter { $0.fields.string("sender") == requester.userID.string }.map(\.event.shortID)
        let transactions = try transactionIDs(of: own)
        let others = try companions(of: events)
        for (event, fields) in scanned {
            try write(event, fields, roomID: roomID, transactionID: transactions[event.shortID], companions: others, to: &writer)
        }
    }

    /// Writes one event.
    func write(_ event: StoredEvent, roomID: RoomID?, to writer: inout JSONWriter) throws {
        try write([event], roomID: roomID, to: &writer)
    }

    /// The transaction IDs by which the asking device sent the events.
    private func transactionIDs(of events: [ShortEventID]) throws -> [ShortEventID: String] {
        guard let device = requester.deviceID else { return [:] }
        var ids: [ShortEventID: String] = [:]
        for (event, transaction) in zip(events, try view.transactions(of: events)) {
            if let (user, sendingDevice, id) = transaction?.parts, user == requester.userID, sendingDevice == device { ids[event] = id }
        }
        return ids
    }

    /// The events that `unsigned` quotes: what was replaced, and redactions.
    private func companions(of events: [StoredEvent]) throws -> [ShortEventID: StoredEvent] {
        let wanted = Set(events.flatMap { [$0.replaced, $0.redaction] }).subtracting([.none]).sorted()
        if wanted.isEmpty { return [:] }
        return Dictionary(try view.events(wanted).map { ($0.shortID, $0) }) { $1 }
    }

    private func write(
        _ event: StoredEvent, _ fields: JSONFields, roomID: RoomID?, transactionID: String?, companions: [ShortEventID: StoredEvent],
        to writer: inout JSONWriter
    ) throws {
        let redacts = try redacts(fields)
        writer.beginObject()
        if let content = fields.slice("content") {
            writer.key("content")
            try write(content, adding: redacts, to: &writer)
        }
        for name in Self.splicedMembers {
            guard let value = fields.slice(name) else { continue }
            writer.key(name)
            writer.raw(value)
        }
        writer.key("event_id")
        writer.string(event.id.string)
        if let roomID {
            writer.key("room_id")
            writer.string(roomID.string)
        }
        if let redacts {
            writer.key("redacts")
            writer.raw(redacts)
        }

        writer.key("unsigned")
        writer.beginObject()
        writer.key("age")
        writer.integer(now - (fields.integer("origin_server_ts") ?? now))
        if let transactionID {
            writer.key("transaction_id")
            writer.string(transactionID)
        }
        if let replaced = companions[event.replaced] {
            let replacedFields = try JSONFields(scanning: replaced.json)
            writer.key("replaces_state")
            writer.string(replaced.id.string)
            for (name, source) in [("prev_content", "content"), ("prev_sender", "sender")] {
                guard let value = replacedFields.slice(source) else { continue }
                writer.key(name)
                writer.raw(value)
            }
        }
        if let redaction = companions[event.redaction] {
            writer.key("redacted_because")
            try write(redaction, roomID: roomID, to: &writer)
        }
        writer.endObject()
        writer.endObject()
    }

    /// What a redaction redacts; `nil` for other events. It stands at the top level or, from room version 11 on, in the content; clients
    /// find it in both places ("Moving the `redacts` property of `m.room.redaction` events to a `content` property").
    private func redacts(_ fields: JSONFields) throws -> ArraySlice<UInt8>? {
        guard fields.string("type") == EventType.roomRedaction else { return nil }
        return try fields.slice("redacts") ?? fields.slice("content").flatMap { try JSONFields(scanning: $0).slice("redacts") }
    }

    /// Writes a content, with `redacts` where it has none of its own and there is one.
    private func write(_ content: ArraySlice<UInt8>, adding redacts: ArraySlice<UInt8>?, to writer: inout JSONWriter) throws {
        guard let redacts, try JSONFields(scanning: content)["redacts"] == nil else { return writer.raw(content) }
        var object = try JSONValue(parsing: content).objectValue ?? [:]
        object["redacts"] = try JSONValue(parsing: redacts)
        writer.object(object)
    }
}
