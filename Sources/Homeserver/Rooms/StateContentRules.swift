import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What the server asks of the content of state events that clients set, beyond the authorization rules.
enum StateContentRules {
    /// - Throws: `MatrixError` with what is wrong.
    static func check(_ template: EventTemplate, in room: Room, serverName: ServerName, _ commit: RoomsCommit) throws {
        switch template.type {
        case EventType.roomCreate: throw MatrixError(.forbidden, "A room has one create event, which it begins with")
        case EventType.roomMember: try checkMember(template)
        case EventType.roomPowerLevels: try checkPowerLevels(template.content, create: room.create, version: room.version)
        case EventType.roomCanonicalAlias where template.stateKey == "":
            try checkCanonicalAlias(template.content, in: room, serverName: serverName, commit)
        default: break
        }
    }

    private static func checkMember(_ template: EventTemplate) throws {
        guard Membership(template.content) != nil else {
            throw MatrixError(.badJSON, "A member event needs a membership: join, invite, leave, ban or knock")
        }
        guard let stateKey = template.stateKey, UserID(stateKey) != nil else {
            throw MatrixError(.badJSON, "A member event's state key is a user ID")
        }
    }

    /// From room version 12 on, creators have infinite power and are not listed.
    static func checkPowerLevels(_ content: JSONObject, create: Event, version: RoomVersion) throws {
        guard version.creatorsArePrivileged, let users = content["users"]?.objectValue else { return }
        let creators = [create.sender] + CreateContent(create.content).additionalCreators
        for creator in creators where users[creator.string] != nil {
            throw MatrixError(.badJSON, "\(creator) is a creator of the room and can't be given a power level")
        }
    }

    /// Aliases that are new in the content have to lead to the room ("m.room.canonical_alias").
    private static func checkCanonicalAlias(
        _ content: JSONObject, in room: Room, serverName: ServerName, _ commit: RoomsCommit
    ) throws {
        let standing = try commit.view.currentEvent(.canonicalAlias, in: room.shortID).map {
            try Event(trusted: $0.json, id: $0.id, roomID: room.id, version: room.version).content
        }
        let known = Set(aliases(in: standing ?? [:]))
        for text in aliases(in: content) where !known.contains(text) {
            guard let alias = RoomAlias(text) else { throw MatrixError(.invalidParameter, "\(text) is not a room alias") }
            guard alias.serverName == serverName, try commit.view.room(of: alias) == room.id else {
                throw MatrixError(.badAlias, "\(alias) does not lead to this room")
            }
        }
    }

    private static func aliases(in content: JSONObject) -> [String] {
        let main = content["alias"]?.stringValue
        let others = content["alt_aliases"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return (main.map { $0.isEmpty ? [] : [$0] } ?? []) + others
    }
}
