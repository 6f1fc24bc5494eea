import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// A room as those see it who are not in it: in the directory, in a space, in a summary.
struct RoomPreview {
    let room: ShortRoomID
    let joinRule: JoinRule
    let isWorldReadable: Bool
    /// The room's type, such as `m.space`.
    let roomType: String?
    /// The rooms whose members may join, where the join rule is restricted.
    let allowedRooms: [RoomID]
    /// What the directory tells of it.
    let json: JSONObject
    /// What a summary tells besides.
    private let details: JSONObject

    private static let keys: [StateKey] = [
        .create, .joinRules, .historyVisibility, .guestAccess, .name, .topic, .avatar, .canonicalAlias, .encryption,
    ]

    /// nil when the room's create event isn't here.
    init?(of room: ShortRoomID, joinedCount: Int, in view: RoomsView) throws {
        let events = Dictionary(uniqueKeysWithValues: zip(Self.keys, try view.currentEvents(Self.keys, in: room)))
        func content(_ key: StateKey) throws -> JSONObject? {
            try (events[key] ?? nil)?.content()
        }
        guard let create = try content(.create) else { return nil }
        self.room = room
        let rules = try content(.joinRules)
        joinRule = rules.flatMap { JoinRule($0) } ?? .default
        allowedRooms = joinRule.isRestricted ? RestrictedJoin.allowedRooms(rules ?? [:]) : []
        isWorldReadable = HistoryVisibility(try content(.historyVisibility)) == .worldReadable
        roomType = create["type"]?.stringValue
        var json: JSONObject = [
            "room_id": .string(try view.roomID(of: room).string), "num_joined_members": .integer(Int64(joinedCount)),
            "world_readable": .bool(isWorldReadable),
            "guest_can_join": .bool(try content(.guestAccess)?["guest_access"]?.stringValue == "can_join"),
            "join_rule": .string(joinRule.rawValue),
        ]
        let texts = [
            ("room_type", create["type"]), ("name", try content(.name)?["name"]), ("topic", try content(.topic)?["topic"]),
            ("avatar_url", try content(.avatar)?["url"]), ("canonical_alias", try content(.canonicalAlias)?["alias"]),
        ]
        // Members of a room write what they like.
        for case (let name, .string(let text)?) in texts where !text.isEmpty { json[name] = .string(text) }
        self.json = json

        var details: JSONObject = ["room_version": .string(CreateContent(create).roomVersionID)]
        details["encryption"] = try content(.encryption)?["algorithm"]?.stringValue.map { .string($0) }
        if joinRule.isRestricted { details["allowed_room_ids"] = .array(allowedRooms.map { .string($0.string) }) }
        self.details = details
    }

    /// What a summary tells: all that the directory does, and more.
    var summary: JSONObject {
        var summary = json
        for (name, value) in details { summary[name] = value }
        return summary
    }

    /// Whether anybody may come, ask to be let in, or look.
    var isOpen: Bool { joinRule == .public || joinRule.allowsKnocking || isWorldReadable }

    /// Whether the user may know of the room: who is in it, is invited, may come or look.
    func isKnown(to user: UserID, in view: RoomsView) throws -> Bool {
        if isOpen { return true }
        switch try view.standing(of: user, in: room) {
        case .joined, .invited: return true
        case .knocked, .left, .stranger:
            return try allowedRooms.contains { allowed in try view.shortID(of: allowed).map { try view.isJoined(user, to: $0) } ?? false }
        }
    }
}
