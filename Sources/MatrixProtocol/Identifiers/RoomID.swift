/// A room's identifier: `!opaque_id:domain`, or, from room version 12 on, `!` and the reference hash of the room's create event
/// (appendices, "Room IDs").
package struct RoomID: Identifier {
    package let string: String

    package init?(_ string: String) {
        guard IdentifierGrammar.hasShape(string, sigil: UInt8(ascii: "!")) else { return nil }
        if let parts = IdentifierGrammar.split(string), !ServerName.isValid(parts.domain) { return nil }
        self.string = string
    }

    package init(trusted string: String) { self.string = string }

    /// The ID of the room that this create event starts, in room versions where that is the event's ID with another sigil.
    package init(createEvent: EventID) {
        string = "!" + createEvent.string.dropFirst()
    }

    /// The create event's ID, in room versions where the room ID is that ID with another sigil.
    package var createEventID: EventID { EventID(trusted: "$" + string.dropFirst()) }

    /// The domain, which serves only to keep IDs apart: nil in rooms whose ID has none.
    package var serverName: ServerName? {
        IdentifierGrammar.split(string).map { ServerName(trusted: String($0.domain)) }
    }
}
