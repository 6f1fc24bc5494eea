import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a client needs to show a room that has no name: how many members it has, and who some of them are ("RoomSummary").
struct RoomSummary {
    /// The members that stand for a room without a name.
    let heroes: [UserID]
    let json: JSONObject

    /// How many heroes there are at most.
    private static let heroesMax = 5

    init(of room: ShortRoomID, for user: UserID, in view: RoomsView) throws {
        let counts = try view.memberCounts(of: room)
        var json: JSONObject = [
            "m.joined_member_count": .integer(Int64(counts.joined)), "m.invited_member_count": .integer(Int64(counts.invited)),
        ]
        if try Self.isSet(.name, "name", in: room, view) || Self.isSet(.canonicalAlias, "alias", in: room, view) {
            heroes = []
        } else {
            heroes = try Self.heroes(of: room, but: user, in: view)
            json["m.heroes"] = .array(heroes.map { .string($0.string) })
        }
        self.json = json
    }

    /// The first of the joined and invited members; those who have left where there is nobody else.
    static func heroes(of room: ShortRoomID, but user: UserID, in view: RoomsView) throws -> [UserID] {
        // One more than needed, since the user may be among them.
        let present = try view.firstMembers(of: room, [.join, .invite], limit: heroesMax + 1).filter { $0 != user }
        let heroes = try present.isEmpty ? view.firstMembers(of: room, [.leave], limit: heroesMax + 1).filter { $0 != user } : present
        return Array(heroes.prefix(heroesMax))
    }

    private static func isSet(_ key: StateKey, _ member: String, in room: ShortRoomID, _ view: RoomsView) throws -> Bool {
        try view.currentEvent(key, in: room)?.contentMember(member)?.stringValue.map { !$0.isEmpty } ?? false
    }
}
