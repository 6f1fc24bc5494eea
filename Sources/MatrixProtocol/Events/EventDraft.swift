internal import CanonicalJSON
import Crypto

/// The canonical JSON of an event without `hashes` and `signatures`, written once, with the places where these go.
///
/// The three forms that an outgoing event takes (hashed, signed, complete) are put together from its pieces, without a JSON tree.
struct EventDraft {
    /// The event's place in its room.
    struct Place {
        var prevEvents: [EventReference]
        var authEvents: [EventReference]
        var depth: Int64
        var originServerTS: Int64
    }

    private let format: EventFormat
    /// The ID that we choose for the event, in room versions where it carries one.
    private let chosenID: EventID?
    /// What redaction leaves of the content.
    private let redactedContent: [UInt8]
    private let text: Text

    /// The event without `hashes` and `signatures`: what the content hash covers.
    private struct Text {
        var bytes: [UInt8] = []
        var authEvents = 0..<0
        var content = 0..<0
        var prevEvents = 0..<0
        /// A top-level `redacts` with its comma, which redaction takes away; otherwise empty.
        var redacts = 0..<0
        /// Where `hashes` goes, with a comma before it.
        var hashesOffset = 0
        /// What says that the event sticks, with its comma, right behind `hashes`; redaction takes it away. Otherwise empty.
        var stickiness = 0..<0
        /// Where `signatures` goes, with a comma before it.
        var signaturesOffset = 0
    }

    init(_ template: EventTemplate, at place: Place, version: RoomVersion, serverName: ServerName) throws(JSONError) {
        format = version.eventFormat
        var contentObject = template.content
        if format.redactsInContent, let redacts = template.redacts { contentObject["redacts"] = .string(redacts.string) }
        let content = try version.encode(contentObject)
        redactedContent =
            switch version.redactionRules.content[template.type] {
            case nil: Array("{}".utf8)
            case .everything: content
            case .members: try version.encode(Redaction.redactContent(contentObject, type: template.type, version: version))
            }
        let anonymous = Self.write(template, content: content, id: nil, at: place, format: format)
        if format.carriesEventID {
            let id = EventID(chosenBy: serverName, for: anonymous.bytes)
            chosenID = id
            text = Self.write(template, content: content, id: id, at: place, format: format)
        } else {
            chosenID = nil
            text = anonymous
        }
    }

    private static func write(
        _ template: EventTemplate, content: [UInt8], id: EventID?, at place: Place, format: EventFormat
    ) -> Text {
        var text = Text()
        var writer = JSONWriter(capacity: content.count + 512)
        writer.beginObject()
        writer.key("auth_events")
        text.authEvents = write(place.authEvents, to: &writer, format: format)
        writer.key("content")
        let contentStart = writer.bytes.count
        writer.raw(content)
        text.content = contentStart..<writer.bytes.count
        writer.key("depth")
        writer.integer(place.depth)
        if let id {
            writer.key("event_id")
            writer.string(id.string)
        }
        text.hashesOffset = writer.bytes.count
        template.stickiness?.write(to: &writer)
        text.stickiness = text.hashesOffset..<writer.bytes.count
        writer.key("origin_server_ts")
        writer.integer(place.originServerTS)
        writer.key("prev_events")
        text.prevEvents = write(place.prevEvents, to: &writer, format: format)
        let redactsStart = writer.bytes.count
        if !format.redactsInContent, let redacts = template.redacts {
            writer.key("redacts")
            writer.string(redacts.string)
        }
        text.redacts = redactsStart..<writer.bytes.count
        if let roomID = template.roomID {
            writer.key("room_id")
            writer.string(roomID.string)
        }
        writer.key("sender")
        writer.string(template.sender.string)
        text.signaturesOffset = writer.bytes.count
        if let stateKey = template.stateKey {
            writer.key("state_key")
            writer.string(stateKey)
        }
        writer.key("type")
        writer.string(template.type)
        writer.endObject()
        text.bytes = writer.bytes
        return text
    }

    private static func write(_ references: [EventReference], to writer: inout JSONWriter, format: EventFormat) -> Range<Int> {
        let start = writer.bytes.count
        writer.beginArray()
        for reference in references { reference.write(to: &writer, format: format) }
        writer.endArray()
        return start..<writer.bytes.count
    }
}

extension EventDraft {
    /// The `hashes` member with the content hash, a comma before it.
    func hashesMember() -> [UInt8] {
        let hash = Base64.encode(Array(SHA256.hash(data: text.bytes)))
        return Array(",\"hashes\":{\"sha256\":\"\(hash)\"}".utf8)
    }

    /// The redacted event without signatures: what is signed, and what the reference hash covers.
    func signedBytes(hashes: [UInt8]) -> [UInt8] {
        let bytes = text.bytes
        var signed: [UInt8] = []
        signed.reserveCapacity(bytes.count - text.content.count + redactedContent.count + hashes.count)
        signed += bytes[..<text.content.lowerBound]
        signed += redactedContent
        signed += bytes[text.content.upperBound..<text.hashesOffset]
        signed += hashes
        signed += bytes[text.stickiness.upperBound..<text.redacts.lowerBound]
        signed += bytes[text.redacts.upperBound...]
        return signed
    }

    /// The event's ID.
    func eventID(signedBytes: [UInt8]) -> EventID {
        chosenID ?? EventID(referenceHash: ReferenceHash.hash(signedBytes), format.hashAlphabet)
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
        let bytes = text.bytes
        var complete: [UInt8] = []
        complete.reserveCapacity(bytes.count + hashes.count + signatures.count)
        complete += bytes[..<text.hashesOffset]
        complete += hashes
        complete += bytes[text.hashesOffset..<text.signaturesOffset]
        complete += signatures
        complete += bytes[text.signaturesOffset...]
        let moved = text.prevEvents.lowerBound + hashes.count..<text.prevEvents.upperBound + hashes.count
        return (complete, Event.Ranges(content: text.content, prevEvents: moved, authEvents: text.authEvents))
    }
}
