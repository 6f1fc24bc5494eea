/// How far a client has seen each of the three databases: `next_batch` and `since` of `GET /sync`.
///
/// As a string it is the FoundationDB tuple of three versionstamps (rooms, accounts, transitory) in base64url without padding:
/// always 52 characters.
package struct SyncToken: Sendable, Hashable {
    /// The place in the database of rooms.
    package var rooms: Versionstamp
    /// The place in the database of accounts.
    package var accounts: Versionstamp
    /// The place in the transitory database.
    package var transitory: Versionstamp

    /// The databases that a token has a part for.
    package enum Part: Sendable, CaseIterable {
        case rooms, accounts, transitory
    }

    /// The token of these versionstamps.
    package init(rooms: Versionstamp, accounts: Versionstamp, transitory: Versionstamp) {
        self.rooms = rooms
        self.accounts = accounts
        self.transitory = transitory
    }

    /// The token of these positions.
    package init(rooms: Position, accounts: Position, transitory: Position) {
        self.init(rooms: Versionstamp(rooms), accounts: Versionstamp(accounts), transitory: Versionstamp(transitory))
    }

    /// The position in one of the databases.
    package func position(of part: Part) -> Position {
        switch part {
        case .rooms: rooms.position
        case .accounts: accounts.position
        case .transitory: transitory.position
        }
    }
}

extension SyncToken: LosslessStringConvertible {
    /// The token that the string stands for; nil if it is not exactly one that ``description`` gives.
    package init?(_ string: String) {
        guard let bytes = Base64URL.decode(string),
            let key = try? TupleKey<Versionstamp, Versionstamp, Versionstamp>(decoding: bytes)
        else { return nil }
        (rooms, accounts, transitory) = key.parts
    }

    package var description: String {
        Base64URL.encode(TupleKey(rooms, accounts, transitory).encoded)
    }
}
