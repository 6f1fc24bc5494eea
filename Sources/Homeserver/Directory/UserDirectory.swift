import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// The search for users ("User Directory").
package struct UserDirectory: Sendable {
    private let rooms: Rooms

    /// The most users that a search finds.
    package static let resultsMax = 50
    /// How many it finds when nobody says.
    package static let resultsDefault = 10
    /// The longest text that is searched for, in bytes.
    private static let termMaxBytes = 255
    /// The most users that one search looks at.
    private static let usersLookedAtMax = 20_000
    /// The most rooms of a user that one search looks at.
    private static let roomsLookedAtMax = 1000

    package init(rooms: Rooms) {
        self.rooms = rooms
    }

    /// Finds the users whom the requester can know: those of this server and others with whom there is a room in common, and those of this
    /// server who are in a room that everybody can join or read (`POST /user_directory/search`).
    ///
    /// - Parameter limit: the most users to find.
    /// - Returns: the endpoint's answer, the best matches first.
    /// - Throws: `M_INVALID_PARAM` for a limit that is not positive.
    package func search(_ term: String, limit: Int, by requester: Requester) throws -> JSONObject {
        guard limit > 0 else { throw MatrixError(.invalidParameter, "limit must be a positive number") }
        let limit = min(limit, Self.resultsMax)
        guard let term = SearchedName(term), term.text.utf8.count <= Self.termMaxBytes else { return Self.answer([], isLimited: false) }
        let view = rooms.database.view()
        let own = Set(try view.joinedRooms(of: requester.userID).prefix(Self.roomsLookedAtMax).map(\.room))
        var openRooms: [ShortRoomID: Bool] = [:]
        var found: [Match] = []

        let accounts = try rooms.accounts.view().accounts(limit: Self.usersLookedAtMax)
        for (user, account) in accounts where account.flags.isDisjoint(with: [.deactivated, .locked]) {
            let (name, avatarURL) = try view.nameAndAvatar(of: user)
            guard let rank = term.rank(user, name) else { continue }
            let joined = try view.joinedRooms(of: user).prefix(Self.roomsLookedAtMax).map(\.room)
            guard try joined.contains(where: { room in try own.contains(room) || isOpen(room, &openRooms, in: view) }) else { continue }
            found.append(Match(rank: rank, user: user, name: name, avatarURL: avatarURL))
        }
        let (others, sawAll) = try otherServersUsers(in: own, term, view)
        found += others
        found.sort()
        return Self.answer(
            found.prefix(limit).map(\.json), isLimited: found.count > limit || !sawAll || accounts.count == Self.usersLookedAtMax)
    }

    /// The users of other servers in the requester's rooms, as the rooms show them.
    private func otherServersUsers(
        in own: Set<ShortRoomID>, _ term: SearchedName, _ view: RoomsView
    ) throws -> (matches: [Match], sawAll: Bool) {
        var seen: Set<UserID> = []
        var matches: [Match] = []
        for room in own.sorted() {
            for member in try view.joinedMembers(of: room, limit: Self.usersLookedAtMax) where !member.isOn(rooms.serverName) {
                guard seen.insert(member).inserted else { continue }
                guard seen.count <= Self.usersLookedAtMax else { return (matches, false) }
                let content = try view.currentEvent(.member(member), in: room)?.content()
                let name = content?["displayname"]?.stringValue
                guard let rank = term.rank(member, name) else { continue }
                matches.append(Match(rank: rank, user: member, name: name, avatarURL: content?["avatar_url"]?.stringValue))
            }
        }
        return (matches, true)
    }

    /// Whether everybody can join the room, or read it.
    private func isOpen(_ room: ShortRoomID, _ known: inout [ShortRoomID: Bool], in view: RoomsView) throws -> Bool {
        if let isOpen = known[room] { return isOpen }
        func content(_ key: StateKey) throws -> JSONObject? {
            try view.currentEvent(key, in: room)?.content()
        }
        let isOpen =
            try content(.joinRules).flatMap { JoinRule($0) } == .public
            || HistoryVisibility(content(.historyVisibility)) == .worldReadable
        known[room] = isOpen
        return isOpen
    }

    private static func answer(_ results: [JSONValue], isLimited: Bool) -> JSONObject {
        ["results": .array(results), "limited": .bool(isLimited)]
    }
}

/// A user who was found.
private struct Match: Comparable {
    let rank: Int
    let user: UserID
    let name: String?
    let avatarURL: String?

    var json: JSONValue {
        var json: JSONObject = ["user_id": .string(user.string)]
        json["display_name"] = name.map { .string($0) }
        json["avatar_url"] = avatarURL.map { .string($0) }
        return .object(json)
    }

    static func < (left: Match, right: Match) -> Bool {
        (left.rank, left.user.string) < (right.rank, right.user.string)
    }
}

/// What somebody searches for in names and user IDs, without regard to case.
private struct SearchedName {
    let text: String
    private let words: [String]

    /// Nil for a text without words.
    init?(_ text: String) {
        self.text = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        words = self.text.split(separator: " ").map(String.init)
        if words.isEmpty { return nil }
    }

    /// How well a user matches, 0 being the best; nil for who doesn't, since some word is neither in the ID nor in the name.
    func rank(_ user: UserID, _ name: String?) -> Int? {
        let id = user.string.lowercased()
        let name = name?.lowercased() ?? ""
        guard words.allSatisfy({ id.contains($0) || name.contains($0) }) else { return nil }
        let localpart = user.localpart.lowercased()
        if [id, localpart, name].contains(text) { return 0 }
        if localpart.hasPrefix(text) || id.hasPrefix(text) || name.hasPrefix(text) { return 1 }
        return name.split(separator: " ").contains { $0.hasPrefix(text) } ? 2 : 3
    }
}
