internal import CanonicalJSON
import Crypto

extension Event {
    /// Makes an event of ours: adds the content hash and this server's signature, and computes the event's ID
    /// (server-server API, "Adding hashes and signatures to outgoing events").
    ///
    /// - Parameters:
    ///   - prevEvents: the room's forward extremities.
    ///   - authEvents: the events for `Authorization.authEventKeys`.
    ///   - depth: one more than the largest depth of the previous events, at most `EventLimits.depthMax`.
    ///   - originServerTS: now, in milliseconds since 1970.
    /// - Throws: when the content isn't what the room version allows, or a size limit is exceeded. What we make keeps to the limits in
    ///   bytes, in every room version.
    package static func build(
        _ template: EventTemplate, version: RoomVersion, prevEvents: [EventID], authEvents: [EventID], depth: Int64, originServerTS: Int64,
        serverName: ServerName, signingKey: SigningKey
    ) throws(EventFormatError) -> Event {
        try checkLength(of: template.type, field: "type")
        try checkLength(of: template.sender.string, field: "sender")
        if let stateKey = template.stateKey { try checkLength(of: stateKey, field: "state_key") }
        if let roomID = template.roomID { try checkLength(of: roomID.string, field: "room_id") }

        let draft: EventDraft
        do throws(JSONError) {
            draft = try EventDraft(
                template, version: version, prevEvents: prevEvents, authEvents: authEvents, depth: depth, originServerTS: originServerTS)
        } catch {
            throw .json(error)
        }
        let hashes = draft.hashesMember()
        let signedBytes = draft.signedBytes(hashes: hashes)
        let signatures = draft.signaturesMember(signedBytes, serverName: serverName, signingKey: signingKey)
        let (bytes, ranges) = draft.finish(hashes: hashes, signatures: signatures)
        guard bytes.count <= EventLimits.sizeMaxBytes else { throw .tooLarge(sizeBytes: bytes.count) }

        let id = ReferenceHash.eventID(hash: ReferenceHash.hash(signedBytes))
        return Event(
            bytes: bytes, ranges: ranges, id: id, roomID: template.roomID ?? RoomID(createEvent: id), type: template.type,
            stateKey: template.stateKey, sender: template.sender, redacts: template.target(version: version), depth: depth,
            originServerTS: originServerTS)
    }

    private static func checkLength(of value: String, field: String) throws(EventFormatError) {
        guard value.utf8.count <= EventLimits.fieldMaxBytes else { throw .fieldTooLong(field: field) }
    }
}

extension EventTemplate {
    /// The event that the event will redact: named apart, or by the content where the room version has it there.
    fileprivate func target(version: RoomVersion) -> EventID? {
        guard type == EventType.roomRedaction else { return nil }
        return redacts ?? (version.eventFormat.redactsInContent ? content["redacts"]?.stringValue.flatMap(EventID.init) : nil)
    }
}

/// The canonical JSON of an event without `hashes` and `signatures`, written once, with the places where these go.
///
/// The three forms that an outgoing event takes (hashed, signed, complete) are put together from its pieces, without a JSON tree.
private struct EventDraft {
    /// The event without `hashes` and `signatures`: what the content hash covers.
    private let bytes: [UInt8]
    /// What redaction leaves of the content.
    private let redactedContent: [UInt8]
    private let authEvents: Range<Int>
    private let content: Range<Int>
    private let prevEvents: Range<Int>
    /// A top-level `redacts` with its comma, which redaction takes away; otherwise empty.
    private let redacts: Range<Int>
    /// Where `hashes` goes, with a comma before it.
    private let hashesOffset: Int
    /// Where `signatures` goes, with a comma before it.
    private let signaturesOffset: Int

    init(
        _ template: EventTemplate, version: RoomVersion, prevEvents: [EventID], authEvents: [EventID], depth: Int64, originServerTS: Int64
    ) throws(JSONError) {
        var contentObject = template.content
        if version.eventFormat.redactsInContent, let redacts = template.redacts {
            contentObject["redacts"] = .string(redacts.string)
        }
        let contentBytes = try version.encode(contentObject)
        redactedContent =
            switch version.redactionRules.content[template.type] {
            case nil: Array("{}".utf8)
            case .everything: contentBytes
            case .members: try version.encode(Redaction.redactContent(contentObject, type: template.type, version: version))
            }

        var writer = JSONWriter(capacity: contentBytes.count + 512)
        writer.beginObject()
        writer.key("auth_events")
        self.authEvents = Self.write(authEvents, to: &writer)
        writer.key("content")
        let contentStart = writer.bytes.count
        writer.raw(contentBytes)
        content = contentStart..<writer.bytes.count
        writer.key("depth")
        writer.integer(depth)
        hashesOffset = writer.bytes.count
        writer.key("origin_server_ts")
        writer.integer(originServerTS)
        writer.key("prev_events")
        self.prevEvents = Self.write(prevEvents, to: &writer)
        let redactsStart = writer.bytes.count
        if !version.eventFormat.redactsInContent, let redacts = template.redacts {
            writer.key("redacts")
            writer.string(redacts.string)
        }
        redacts = redactsStart..<writer.bytes.count
        if let roomID = template.roomID {
            writer.key("room_id")
            writer.string(roomID.string)
        }
        writer.key("sender")
        writer.string(template.sender.string)
        signaturesOffset = writer.bytes.count
        if let stateKey = template.stateKey {
            writer.key("state_key")
            writer.string(stateKey)
        }
        writer.key("type")
        writer.string(template.type)
        writer.endObject()
        bytes = writer.bytes
    }

    private static func write(_ ids: [EventID], to writer: inout JSONWriter) -> Range<Int> {
        let start = writer.bytes.count
        writer.beginArray()
        for id in ids { writer.string(id.string) }
        writer.endArray()
        return start..<writer.bytes.count
    }

    /// The `hashes` member with the content hash, a comma before it.
    func hashesMember() -> [UInt8] {
        let hash = Base64.encode(Array(SHA256.hash(data: bytes)))
        return Array(",\"hashes\":{\"sha256\":\"\(hash)\"}".utf8)
    }

    /// The redacted event without signatures: what is signed, and what the reference hash covers.
    func signedBytes(hashes: [UInt8]) -> [UInt8] {
        var signed: [UInt8] = []
        signed.reserveCapacity(bytes.count - content.count + redactedContent.count + hashes.count)
        signed += bytes[..<content.lowerBound]
        signed += redactedContent
        signed += bytes[content.upperBound..<hashesOffset]
        signed += hashes
        signed += bytes[hashesOffset..<redacts.lowerBound]
        signed += bytes[redacts.upperBound...]
        return signed
    }

    /// The `signatures` member with our signature, a comma before it.
    func signaturesMember(_ signedBytes: [UInt8], serverName: ServerName, signingKey: SigningKey) -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.beginObject()
        writer.key(serverName.string)
        writer.beginObject()
        writer.key(signingKey.keyID)
        writer.string(Base64.encode(signingKey.sign(signedBytes)))
        writer.endObject()
        writer.endObject()
        return Array(",\"signatures\":".utf8) + writer.bytes
    }

    /// The complete event.
    func finish(hashes: [UInt8], signatures: [UInt8]) -> (bytes: [UInt8], ranges: Event.Ranges) {
        var complete: [UInt8] = []
        complete.reserveCapacity(bytes.count + hashes.count + signatures.count)
        complete += bytes[..<hashesOffset]
        complete += hashes
        complete += bytes[hashesOffset..<signaturesOffset]
        complete += signatures
        complete += bytes[signaturesOffset...]
        let moved = prevEvents.lowerBound + hashes.count..<prevEvents.upperBound + hashes.count
        return (complete, Event.Ranges(content: content, prevEvents: moved, authEvents: authEvents))
    }
}
