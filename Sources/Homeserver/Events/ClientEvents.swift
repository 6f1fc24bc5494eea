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
    /// Which of an event's members they want.
    var format = Format.client
    /// Whether it is told with an event what other events make of it ("Aggregations of child events").
    var bundlesAggregations = false
    /// Whose events they don't want to see among these.
    var ignored = IgnoredUsers.none
    /// Their membership at each event, where they are told.
    var memberships: [ShortEventID: Membership] = [:]
    /// What they may see of the room's history, where the events are a part of it; nil in lists of state.
    var sight: HistorySight?
    /// Which fields they want; nil for all.
    var fields: EventFields?
    /// What else `unsigned` has, by event.
    var unsignedAdditions: [ShortEventID: JSONObject] = [:]

    /// The forms in which clients can ask for events (`event_format` in "Filtering").
    enum Format: String {
        /// What clients need.
        case client
        /// Everything that is sent between servers.
        case federation
    }

    /// The members that are taken over as they are.
    private static let splicedMembers = ["origin_server_ts", "sender", "state_key", "type", Stickiness.member]

    /// An event, and where its members are.
    private typealias Scanned = (event: StoredEvent, fields: JSONFields)

    /// Writes the events as array elements.
    ///
    /// - Parameter roomID: the room, where each event is to name it.
    func write(_ events: [StoredEvent], roomID: RoomID?, to writer: inout JSONWriter) throws {
        let bundles =
            try bundlesAggregations ? BundledAggregations(with: events, for: requester.userID, ignoring: ignored, in: view) : .none
        let told = try (events + bundles.events).map { Scanned($0, try JSONFields(scanning: $0.json)) }
        let quoted = try quotedEvents(of: told.map(\.event))
        let redactions = told.compactMap { quoted[$0.event.redaction] }
        let surroundings = Surroundings(
            roomID: roomID, told: bundles.events.isEmpty ? [:] : Dictionary(told.map { ($0.event.shortID, $0) }) { $1 }, quoted: quoted,
            visibleReplaced: try visibleReplaced(told, quoted), bundles: bundles, requests: try requests(of: told + redactions),
            stickyTimes: try stickyTimes(of: told))
        for event in told.prefix(events.count) {
            guard let fields else {
                try write(event, surroundings, to: &writer)
                continue
            }
            var whole = JSONWriter(capacity: event.event.json.count)
            try write(event, surroundings, to: &whole)
            writer.object(fields.select(from: try JSONValue(parsing: whole.bytes).objectValue ?? [:]))
        }
    }

    /// Writes one event.
    func write(_ event: StoredEvent, roomID: RoomID?, to writer: inout JSONWriter) throws {
        try write([event], roomID: roomID, to: &writer)
    }

    /// What is told with the events that are written together.
    private struct Surroundings {
        let roomID: RoomID?
        /// The events that can be told whole.
        let told: [ShortEventID: Scanned]
        /// The events that are quoted: what was replaced, and redactions.
        var quoted: [ShortEventID: Scanned]
        /// Of those that were replaced, those that the reader may see, and as the reader sees them.
        let visibleReplaced: [ShortEventID: Scanned]
        let bundles: BundledAggregations
        /// By which requests the reader sent the events.
        let requests: [ShortEventID: SendingRequest]
        /// For how many more milliseconds the events stick, of those that do.
        let stickyTimes: [ShortEventID: Int64]
    }

    /// What reminds the sender of the request by which an event was sent.
    private struct SendingRequest {
        /// The transaction ID, if it was the same device.
        var transactionID: String?
        /// The name under which it was to be sent later (MSC4140).
        var delayID: String?
    }

    private func requests(of events: [Scanned]) throws -> [ShortEventID: SendingRequest] {
        let own = events.filter { $0.fields.string("sender") == requester.userID.string }.map(\.event.shortID)
        var requests: [ShortEventID: SendingRequest] = [:]
        for (event, transaction) in zip(own, try view.transactions(of: own)) {
            guard let transaction, transaction.user == requester.userID, transaction.device == requester.deviceID else { continue }
            requests[event, default: SendingRequest()].transactionID = transaction.id
        }
        for (event, id) in zip(own, try view.delayIDs(of: own)) {
            if let id { requests[event, default: SendingRequest()].delayID = id }
        }
        return requests
    }

    private func stickyTimes(of events: [Scanned]) throws -> [ShortEventID: Int64] {
        var times: [ShortEventID: Int64] = [:]
        for (event, fields) in events where fields[Stickiness.member] != nil {
            if let expiry = try view.stickyExpiry(of: event.shortID), expiry > now { times[event.shortID] = expiry - now }
        }
        return times
    }

    /// The events that `unsigned` quotes.
    private func quotedEvents(of events: [StoredEvent]) throws -> [ShortEventID: Scanned] {
        let wanted = Set(events.flatMap { [$0.replaced, $0.redaction] }).subtracting([.none]).sorted()
        if wanted.isEmpty { return [:] }
        return Dictionary(try view.events(wanted).map { ($0.shortID, Scanned($0, try JSONFields(scanning: $0.json))) }) { $1 }
    }

    /// Those of the replaced events that the reader may see. Who was a member at an event had the state before it, and everybody is told of
    /// the own membership: only for other events it has to be looked up.
    private func visibleReplaced(_ events: [Scanned], _ quoted: [ShortEventID: Scanned]) throws -> [ShortEventID: Scanned] {
        var visible: [ShortEventID: Scanned] = [:]
        var unsure: [StoredEvent] = []
        for (event, fields) in events {
            guard let replaced = quoted[event.replaced] else { continue }
            if memberships[event.shortID] == .join || isOwnMembership(fields) {
                visible[event.replaced] = replaced
            } else {
                unsure.append(replaced.event)
            }
        }
        guard var sight, !unsure.isEmpty else { return visible }
        try sight.lookAhead(at: unsure)
        let places = try view.places(of: unsure.map(\.shortID))
        for (event, place) in zip(unsure, places) {
            guard let place, let seen = try sight.see(event, at: place) else { continue }
            visible[event.shortID] = Scanned(seen, try JSONFields(scanning: seen.json))
        }
        return visible
    }

    private func isOwnMembership(_ fields: JSONFields) -> Bool {
        fields.string("state_key") == requester.userID.string && fields.string("type") == EventType.roomMember
    }

    private func write(_ scanned: Scanned, _ surroundings: Surroundings, to writer: inout JSONWriter) throws {
        let (event, fields) = scanned
        writer.beginObject()
        switch format {
        case .client: try writeMembers(of: fields, redacts: redacts(fields), roomID: surroundings.roomID, to: &writer)
        case .federation:
            for (name, value) in fields where !fields.bytes[name].elementsEqual("event_id".utf8) {
                writer.key(String(decoding: fields.bytes[name], as: UTF8.self))
                writer.raw(fields.bytes[value])
            }
        }
        writer.key("event_id")
        writer.string(event.id.string)

        writer.key("unsigned")
        try writeUnsigned(of: scanned, surroundings, to: &writer)
        writer.endObject()
    }

    /// Writes what is said with an event and isn't part of it, as an object.
    private func writeUnsigned(of scanned: Scanned, _ surroundings: Surroundings, to writer: inout JSONWriter) throws {
        let (event, fields) = scanned
        writer.beginObject()
        writer.key("age")
        writer.integer(Self.age(at: now, of: fields.integer("origin_server_ts") ?? now))
        let request = surroundings.requests[event.shortID]
        if let transactionID = request?.transactionID {
            writer.key("transaction_id")
            writer.string(transactionID)
        }
        if let delayID = request?.delayID {
            writer.key("org.matrix.msc4140.delay_id")
            writer.string(delayID)
        }
        if let time = surroundings.stickyTimes[event.shortID] {
            writer.key("msc4354_sticky_duration_ttl_ms")
            writer.integer(time)
        }
        if let membership = memberships[event.shortID] {
            writer.key("membership")
            writer.string(membership.rawValue)
        }
        if let replaced = surroundings.quoted[event.replaced] {
            writer.key("replaces_state")
            writer.string(replaced.event.id.string)
            for (name, source) in [("prev_content", "content"), ("prev_sender", "sender")] {
                guard let value = surroundings.visibleReplaced[event.replaced]?.fields.slice(source) else { continue }
                writer.key(name)
                writer.raw(value)
            }
        }
        if let redaction = surroundings.quoted[event.redaction] {
            writer.key("redacted_because")
            // A redaction can be redacted too, and that one again: the quoted one quotes nothing, or there would be no end.
            var nothingQuoted = surroundings
            nothingQuoted.quoted = [:]
            try write(redaction, nothingQuoted, to: &writer)
        }
        for (name, value) in unsignedAdditions[event.shortID] ?? [:] {
            writer.key(name)
            writer.value(value)
        }
        if let bundle = surroundings.bundles[event.shortID] {
            writer.key("m.relations")
            try write(bundle, surroundings, to: &writer)
        }
        writer.endObject()
    }

    /// How long ago an event was made, in milliseconds. Old room versions take any time for one.
    private static func age(at now: Int64, of made: Int64) -> Int64 {
        let (age, overflows) = now.subtractingReportingOverflow(made)
        let bound = EventContentRules.integerMax
        return overflows ? (made < 0 ? bound : -bound) : min(max(age, -bound), bound)
    }

    private func write(_ bundle: BundledAggregations.Bundle, _ surroundings: Surroundings, to writer: inout JSONWriter) throws {
        writer.beginObject()
        if let replacement = bundle.replacement.flatMap({ surroundings.told[$0.shortID] }) {
            writer.key(Relation.replacement)
            try write(replacement, surroundings, to: &writer)
        }
        if let thread = bundle.thread, let latest = surroundings.told[thread.latest.shortID] {
            writer.key(Relation.thread)
            writer.beginObject()
            writer.key("latest_event")
            try write(latest, surroundings, to: &writer)
            writer.key("count")
            writer.integer(Int64(clamping: thread.count))
            writer.key("current_user_participated")
            writer.bool(thread.hasParticipated)
            writer.endObject()
        }
        if !bundle.references.isEmpty {
            writer.key(Relation.reference)
            writer.object(["chunk": .array(bundle.references.map { ["event_id": .string($0.string)] })])
        }
        writer.endObject()
    }

    /// Writes the members that clients need.
    private func writeMembers(
        of fields: JSONFields, redacts: ArraySlice<UInt8>?, roomID: RoomID?, to writer: inout JSONWriter
    ) throws {
        if let content = fields.slice("content") {
            writer.key("content")
            try write(content, adding: redacts, to: &writer)
        }
        for name in Self.splicedMembers {
            guard let value = fields.slice(name) else { continue }
            writer.key(name)
            writer.raw(value)
        }
        if let roomID {
            writer.key("room_id")
            writer.string(roomID.string)
        }
        if let redacts {
            writer.key("redacts")
            writer.raw(redacts)
        }
    }

    /// What a redaction redacts; nil for other events. It stands at the top level or, from room version 11 on, in the content; clients
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
