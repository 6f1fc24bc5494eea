import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What the server asks of the content of state events that clients set, beyond the authorization rules.
struct StateContentRules {
    /// The room's create event.
    let create: Event
    let version: RoomVersion
    let serverName: ServerName
    /// The content of the canonical alias event that stands.
    let canonicalAlias: () throws -> JSONObject?
    /// Whether an alias leads to the room.
    let leadsToRoom: (RoomAlias) throws -> Bool

    /// The rules for a state event with that content.
    ///
    /// - Throws: `MatrixError` with what is wrong.
    func check(_ key: StateKey, _ content: JSONObject) throws {
        switch key.type {
        case EventType.roomCreate: throw MatrixError(.forbidden, "A room has one create event, which it begins with")
        case EventType.roomRedaction: throw MatrixError(.badJSON, "A redaction is not a state event")
        case EventType.roomMember: try checkMember(key.key, content)
        case EventType.roomPowerLevels: try Self.checkPowerLevels(content, create: create, version: version)
        case EventType.roomCanonicalAlias where key.key.isEmpty: try checkCanonicalAlias(content)
        case EventType.roomServerACL where key.key.isEmpty: try checkServerACL(content)
        default: break
        }
    }

    /// Who bars the own server has lost the room.
    private func checkServerACL(_ content: JSONObject) throws(MatrixError) {
        guard ServerACL(content).allows(serverName) else {
            throw MatrixError(.unknown, "This access control list would keep this server out of the room", status: 400)
        }
    }

    private func checkMember(_ stateKey: String, _ content: JSONObject) throws(MatrixError) {
        guard let membership = Membership(content) else {
            throw MatrixError(.badJSON, "A member event needs a membership: join, invite, leave, ban or knock")
        }
        guard let user = UserID(stateKey) else { throw MatrixError(.badJSON, "A member event's state key is a user ID") }
        if membership == .invite { try Self.checkInvite(of: user, serverName: serverName) }
        try ProfileLimits.check(content)
    }

    /// Who is invited has to learn of it.
    static func checkInvite(of user: UserID, serverName: ServerName) throws(MatrixError) {
        guard user.isOn(serverName) else { throw MatrixError(.forbidden, "\(user) is on another server, and this one doesn't federate") }
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
    private func checkCanonicalAlias(_ content: JSONObject) throws {
        let known = Set(Self.aliases(in: try canonicalAlias() ?? [:]))
        for alias in try Self.checkedAliases(in: content) where !known.contains(alias) {
            guard alias.serverName == serverName, try leadsToRoom(alias) else {
                throw MatrixError(.badAlias, "\(alias) does not lead to this room")
            }
        }
    }

    /// The aliases of a content that somebody wants to send.
    ///
    /// - Throws: `M_BAD_JSON` for wrong types, `M_INVALID_PARAM` for what is no alias.
    private static func checkedAliases(in content: JSONObject) throws(MatrixError) -> [RoomAlias] {
        // Null and the empty string mean that there is none.
        if let main = content["alias"], main != .null, main.stringValue == nil { throw MatrixError(.badJSON, "alias must be a string") }
        if let others = content["alt_aliases"], others.arrayValue?.allSatisfy({ $0.stringValue != nil }) != true {
            throw MatrixError(.badJSON, "alt_aliases must be an array of strings")
        }
        for text in texts(in: content) where RoomAlias(text) == nil {
            throw MatrixError(.invalidParameter, "\(text) is not a room alias")
        }
        return aliases(in: content)
    }

    private static func aliases(in content: JSONObject) -> [RoomAlias] {
        texts(in: content).compactMap(RoomAlias.init(_:))
    }

    private static func texts(in content: JSONObject) -> [String] {
        let main = content["alias"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        return [main].compactMap(\.self) + (content["alt_aliases"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

extension StateContentRules {
    /// The rules in a room that there is.
    init(in room: Room, serverName: ServerName, _ commit: RoomsCommit) {
        self.init(
            create: room.create, version: room.version, serverName: serverName,
            canonicalAlias: { try commit.view.currentEvent(.canonicalAlias, in: room.shortID)?.content() },
            leadsToRoom: { try commit.view.room(of: $0) == room.id })
    }

    /// The rules in a room that is being made.
    ///
    /// - Parameter alias: the alias that is made with it.
    init(in room: NewRoom, alias: RoomAlias?, serverName: ServerName) {
        self.init(
            create: room.events[0], version: room.version, serverName: serverName,
            canonicalAlias: { room[.canonicalAlias]?.content }, leadsToRoom: { $0 == alias })
    }
}
