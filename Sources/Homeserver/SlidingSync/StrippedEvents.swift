import CanonicalJSON
import RoomsDatabase

/// What a user sees of a room from outside, by an invite or a knock.
struct StrippedEvents {
    private let events: [JSONObject]

    init(of room: StrippedRoom) throws {
        events = try JSONValue(parsing: room.state).arrayValue?.compactMap(\.objectValue) ?? []
    }

    /// The content of the state of a type without a state key; nil when the user sees none.
    func content(_ type: String) -> JSONObject? {
        events.first { $0["type"]?.stringValue == type && $0["state_key"]?.stringValue == "" }?["content"]?.objectValue
    }
}
