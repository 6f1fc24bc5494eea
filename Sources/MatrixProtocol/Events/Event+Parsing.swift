package import CanonicalJSON

extension Event {
    /// Takes an event from outside: checks the format of the room version and computes the event's ID.
    ///
    /// `unsigned` is dropped, since nothing vouches for it. Hashes and signatures are not checked here: see `hasValidContentHash(version:)`
    /// and `EventSigning.verify`.
    ///
    /// Specification: server-server API, "Checks performed on receipt of a PDU", step 1; the room version's "Event format".
    package convenience init(parsing bytes: [UInt8], version: RoomVersion) throws(EventFormatError) {
        let object: JSONObject
        do throws(JSONError) {
            guard case .object(let parsed) = try JSONValue(parsing: bytes, version.jsonStrictness) else {
                throw .notAnObject(offset: 0)
            }
            object = parsed
        } catch {
            throw .json(error)
        }
        try self.init(object, version: version)
    }

    /// Takes an event from outside that is decoded already, as `init(parsing:version:)` does.
    package convenience init(_ object: JSONObject, version: RoomVersion) throws(EventFormatError) {
        var object = object
        object.removeValue(forKey: "unsigned")
        let format = try EventFormatCheck(object, version: version)
        let bytes: [UInt8]
        let referenceHash: [UInt8]
        do throws(JSONError) {
            bytes = try version.encode(object)
            referenceHash = try ReferenceHash.compute(object, version: version)
        } catch {
            throw .json(error)
        }
        let id =
            version.eventFormat.carriesEventID
            ? try EventFormatCheck.eventID(in: object) : EventID(referenceHash: referenceHash, version.eventFormat.hashAlphabet)
        guard bytes.count <= EventLimits.sizeMaxBytes else { throw .tooLarge(sizeBytes: bytes.count) }
        try self.init(trusted: bytes, id: id, roomID: format.roomID ?? RoomID(createEvent: id), version: version)
    }

    /// Takes an event that was checked before, from its canonical JSON and what is known about it.
    ///
    /// - Throws: an error only if the bytes aren't those of an event.
    package convenience init(trusted bytes: [UInt8], id: EventID, roomID: RoomID, version: RoomVersion) throws(EventFormatError) {
        let fields: JSONFields
        do throws(JSONError) {
            fields = try JSONFields(scanning: bytes)
        } catch {
            throw .json(error)
        }
        guard let type = fields.string("type") else { throw .missing(field: "type") }
        guard let sender = fields.string("sender") else { throw .missing(field: "sender") }
        guard let depth = fields.integer("depth") else { throw .missing(field: "depth") }
        guard let originServerTS = fields.integer("origin_server_ts") else { throw .missing(field: "origin_server_ts") }
        guard let content = fields["content"] else { throw .missing(field: "content") }
        guard let prevEvents = fields["prev_events"] else { throw .missing(field: "prev_events") }
        guard let authEvents = fields["auth_events"] else { throw .missing(field: "auth_events") }
        let stateKey = fields.string("state_key")
        self.init(
            bytes: bytes, ranges: Ranges(content: content, prevEvents: prevEvents, authEvents: authEvents), id: id, roomID: roomID,
            type: type,
            // Members usually set their own membership: then one string serves both.
            stateKey: stateKey.map { UTF8Bytes.equal($0, sender) ? sender : $0 }, sender: UserID(trusted: sender),
            redacts: type == EventType.roomRedaction ? Self.redacts(fields, version: version) : nil,
            depth: depth, originServerTS: originServerTS, stickiness: Stickiness(fields))
    }

    private static func redacts(_ fields: JSONFields, version: RoomVersion) -> EventID? {
        if version.eventFormat.redactsInContent {
            guard let content = fields.slice("content"), let members = try? JSONFields(scanning: content) else { return nil }
            return members.string("redacts").flatMap(EventID.init)
        }
        return fields.string("redacts").flatMap(EventID.init)
    }
}

extension Event {
    /// The event without what redaction takes away; it keeps its ID.
    package func redacted(version: RoomVersion) throws(EventFormatError) -> Event {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try version.encode(Redaction.redact(json, version: version))
        } catch {
            throw .json(error)
        }
        return try Event(trusted: bytes, id: id, roomID: roomID, version: version)
    }

    /// Whether the event is complete: if not, it is to be used redacted (server-server API, "Validating hashes and signatures on received
    /// events").
    package func hasValidContentHash(version: RoomVersion) -> Bool {
        let json = json
        guard let text = json["hashes"]?.objectValue?["sha256"]?.stringValue, let expected = Base64.decode(text) else { return false }
        return (try? ContentHash.compute(json, version: version)) == expected
    }
}
