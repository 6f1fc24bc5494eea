import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// What an answer tells of rooms, by what each is to the user.
struct SyncRooms: Sendable {
    /// A room, and what is told of it as JSON.
    typealias Entry = (id: RoomID, json: [UInt8])

    var joined: [Entry] = []
    var invited: [Entry] = []
    var knocked: [Entry] = []
    var left: [Entry] = []
    /// Rooms that the client knew as joined, and whose state is the one that it knew.
    var withKnownState: Set<ShortRoomID> = []

    private var sections: [(name: String, rooms: [Entry])] {
        [("join", joined), ("invite", invited), ("knock", knocked), ("leave", left)].filter { !$0.1.isEmpty }
    }

    var isEmpty: Bool { sections.isEmpty }

    /// About how much JSON it is.
    var sizeBytes: Int {
        sections.reduce(0) { $0 + $1.rooms.reduce(0) { $0 + $1.json.count + 64 } }
    }

    mutating func append(_ others: SyncRooms) {
        joined += others.joined
        invited += others.invited
        knocked += others.knocked
        left += others.left
        withKnownState.formUnion(others.withKnownState)
    }

    /// Writes the object with the lists that have rooms.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for section in sections {
            writer.key(section.name)
            writer.beginObject()
            for room in section.rooms {
                writer.key(room.id.string)
                writer.raw(room.json)
            }
            writer.endObject()
        }
        writer.endObject()
    }
}
