import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

/// A room taking another one's place for a user, who keeps what was set for that: tags, whether it is a direct chat, push rules.
struct RoomSuccession: Sendable {
    let user: UserID
    let predecessor: RoomID
    let successor: RoomID

    init(user: UserID, predecessor: RoomID, successor: RoomID) {
        self.user = user
        self.predecessor = predecessor
        self.successor = successor
    }

    /// The tuple of user, predecessor and successor.
    var encoded: [UInt8] { TupleKey(user, predecessor, successor).encoded }

    init(encoded bytes: [UInt8]) throws {
        let (user, predecessor, successor) = try TupleKey<UserID, RoomID, RoomID>(encoded: bytes).parts
        self.init(user: user, predecessor: predecessor, successor: successor)
    }

    // MARK: - Contents of account data

    /// The successor's tags (`m.tag`): its own and those of the predecessor; nil if that has none.
    func tags(before: JSONObject, own: JSONObject) -> JSONObject? {
        guard let tags = before["tags"]?.objectValue, !tags.isEmpty else { return nil }
        var content = own
        let ownTags = own["tags"]?.objectValue ?? [:]
        content["tags"] = .object(ownTags.reduce(into: tags) { $0[$1.key] = $1.value })
        return content
    }

    /// The direct chats (`m.direct`), with the successor beside the predecessor; nil if that is none.
    func directChats(_ content: JSONObject) -> JSONObject? {
        var changed = content
        for (user, rooms) in content {
            guard let rooms = rooms.arrayValue, rooms.contains(.string(predecessor.string)), !rooms.contains(.string(successor.string))
            else { continue }
            changed[user] = .array(rooms + [.string(successor.string)])
        }
        return changed == content ? nil : changed
    }

    /// The push rules (`m.push_rules`), with the same ones for the successor as for the predecessor, before all others of their kind; nil if
    /// that has none.
    func pushRules(_ content: JSONObject) -> JSONObject? {
        guard var kinds = content["global"]?.objectValue else { return nil }
        for (kind, rules) in kinds {
            guard let rules = rules.arrayValue else { continue }
            let known = Set(rules.compactMap { $0.objectValue?["rule_id"]?.stringValue })
            let copies = rules.compactMap { $0.objectValue.flatMap(ruleForSuccessor) }.map(JSONValue.object)
            guard let first = copies.first, !known.contains(successor.string) else { continue }
            kinds[kind] = .array([first] + rules)
        }
        var changed = content
        changed["global"] = .object(kinds)
        return changed == content ? nil : changed
    }

    /// The rule that does for the successor what another one does for the predecessor; nil if that one does nothing for it in particular.
    private func ruleForSuccessor(_ rule: JSONObject) -> JSONObject? {
        let conditions = rule["conditions"]?.arrayValue ?? []
        func isAboutPredecessor(_ condition: JSONValue) -> Bool {
            condition.objectValue?["key"]?.stringValue == "room_id" && condition.objectValue?["pattern"]?.stringValue == predecessor.string
        }
        guard rule["rule_id"]?.stringValue == predecessor.string || conditions.contains(where: isAboutPredecessor) else { return nil }
        var copy = rule
        copy["rule_id"] = .string(successor.string)
        if !conditions.isEmpty {
            copy["conditions"] = .array(
                conditions.map { condition in
                    guard isAboutPredecessor(condition), var changed = condition.objectValue else { return condition }
                    changed["pattern"] = .string(successor.string)
                    return .object(changed)
                })
        }
        return copy
    }
}

extension Accounts {
    /// Has a user keep what was set for a room's predecessor: the part of `Rooms.succeedRoomIntent` in the database of accounts.
    package static func succeedingRooms(in database: AccountsDatabase) -> IntentKind.Part {
        database.intentPart { payload, commit in
            let succession = try RoomSuccession(encoded: payload)
            let user = succession.user
            func content(_ json: [UInt8]?) throws -> JSONObject { try json.flatMap { try JSONValue(parsing: $0).objectValue } ?? [:] }
            let before = try content(AccountsView(commit).accountData(of: user, in: succession.predecessor, type: AccountDataType.tag))
            // Each may be as large as account data can be.
            try commit.uncounted {
                try commit.changeAccountData(of: user, in: succession.successor, type: AccountDataType.tag) { own in
                    try succession.tags(before: before, own: content(own))?.encoded()
                }
                try commit.changeAccountData(of: user, in: nil, type: AccountDataType.direct) {
                    try succession.directChats(content($0))?.encoded()
                }
                try commit.changeAccountData(of: user, in: nil, type: AccountDataType.pushRules) {
                    try succession.pushRules(content($0))?.encoded()
                }
            }
        }
    }
}
