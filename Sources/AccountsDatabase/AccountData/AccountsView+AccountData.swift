import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// All account data of a user in one room, or the global one for nil, in the order in which the entries were last set.
    ///
    /// - Parameter withRemoved: whether entries that were removed are among them.
    package func accountData(of user: UserID, in room: RoomID?, withRemoved: Bool = false) throws -> [(type: String, content: [UInt8])] {
        var entries = try reader.domain(AccountsMaps.accountData, .tuples(user, room))
        return try entries.collect().filter { withRemoved || !$0.value.isRemoved }.map { ($0.value.type, $0.value.content) }
    }

    /// The content of one entry in a room, or of a global one for nil; nil if it was never set, or was removed.
    package func accountData(of user: UserID, in room: RoomID?, type: String) throws -> [UInt8]? {
        guard let entry = try accountDataEntry(of: user, in: room, type: type), !entry.isRemoved else { return nil }
        return entry.content
    }

    /// One entry in a room, or a global one for nil, also if it was removed; nil if it was never set.
    package func accountDataEntry(of user: UserID, in room: RoomID?, type: String) throws -> AccountDataEntry? {
        guard let position = try reader.get(AccountsMaps.accountDataPositions, TupleKey(user, room, type)) else { return nil }
        return try reader.get(AccountsMaps.accountData, TupleKey(user, room, position))
    }

    /// When one entry in a room, or a global one for nil, was set or removed; nil if it was never set.
    package func accountDataPosition(of user: UserID, in room: RoomID?, type: String) throws -> Position? {
        try reader.get(AccountsMaps.accountDataPositions, TupleKey(user, room, type))
    }

    /// All account data of a user, in one walk: the global entries first, then those of each room together.
    ///
    /// - Parameter position: what was set or removed after it; nil stands for all that is there now.
    package func accountData(
        of user: UserID, after position: Position?
    ) throws -> [(room: RoomID?, type: String, content: [UInt8])] {
        var found: [(room: RoomID?, type: String, content: [UInt8])] = []
        var entries = try reader.domain(AccountsMaps.accountData, .tuples(user))
        while let (key, entry) = try entries.next() {
            let (_, room, setAt) = key.parts
            if position.map({ setAt > $0 }) ?? !entry.isRemoved { found.append((room, entry.type, entry.content)) }
        }
        return found
    }
}
