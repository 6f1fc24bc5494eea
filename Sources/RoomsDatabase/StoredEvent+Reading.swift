import CanonicalJSON
import MatrixProtocol

/// What an event says, each thing found by a scan of its bytes; who needs several of them scans once, or parses the event.
extension StoredEvent {
    /// The event's content; empty for an event whose content is no object.
    package func content() throws -> JSONObject {
        try JSONFields(scanning: json).slice("content").flatMap { try JSONValue(parsing: $0).objectValue } ?? [:]
    }

    /// A member of the content, without decoding the rest of it.
    package func contentMember(_ name: String) throws -> JSONValue? {
        guard let content = try JSONFields(scanning: json).slice("content") else { return nil }
        return try JSONFields(scanning: content).slice(name).map { try JSONValue(parsing: $0) }
    }

    /// Who sent the event.
    package func sender() throws -> UserID? {
        try JSONFields(scanning: json).string("sender").map { UserID(trusted: $0) }
    }

    /// When the event was made, in milliseconds since 1970; 0 for one that doesn't say.
    package func originServerTS() throws -> Int64 {
        try JSONFields(scanning: json).integer("origin_server_ts") ?? 0
    }

    /// The membership that an `m.room.member` event sets; nil for one of another type.
    package func membership() throws -> Membership? {
        try contentMember("membership")?.stringValue.flatMap(Membership.init(rawValue:))
    }
}

extension Event {
    /// An event of the room, as it is stored.
    package convenience init(_ stored: StoredEvent, in room: Room) throws(EventFormatError) {
        try self.init(trusted: stored.json, id: stored.id, roomID: room.id, version: room.version)
    }
}
