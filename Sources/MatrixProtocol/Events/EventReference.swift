internal import CanonicalJSON

/// How `prev_events` and `auth_events` name an event: by its ID, in room versions 1 and 2 also by its reference hash.
package struct EventReference: Sendable, Hashable {
    package let id: EventID
    /// The reference hash, where the room version has the event's followers state it.
    let hash: [UInt8]?

    /// A reference by ID alone, which is all that room version 3 and later want.
    package init(_ id: EventID) {
        self.id = id
        hash = nil
    }

    /// A reference to this event, by what the room version wants.
    package init(_ event: Event, version: RoomVersion) {
        id = event.id
        // An event's JSON always has a reference hash: it was encoded by the same rules when the event was made.
        hash = version.eventFormat.carriesEventID ? try? ReferenceHash.compute(event.json, version: version) : nil
    }

    func write(to writer: inout JSONWriter, format: EventFormat) {
        guard format.carriesEventID else { return writer.string(id.string) }
        writer.beginArray()
        writer.string(id.string)
        writer.beginObject()
        if let hash {
            writer.key("sha256")
            writer.string(Base64.encode(hash))
        }
        writer.endObject()
        writer.endArray()
    }
}
