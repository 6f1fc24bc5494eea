/// How far a client has seen each of the three databases: `next_batch` and `since` of `GET /sync`.
///
/// As a string it is the FoundationDB tuple of three versionstamps (rooms, accounts, transitory) in base64url without padding: 52 characters;
/// with a fourth one 70, where not all sticky events have been told.
package struct SyncToken: Sendable, Hashable {
    /// The place in the database of rooms.
    package var rooms: Versionstamp
    /// The place in the database of accounts.
    package var accounts: Versionstamp
    /// The place in the transitory database.
    package var transitory: Versionstamp
    /// Up to which place in the database of rooms the sticky events have been told; nil where all have.
    package var sticky: Versionstamp?

    /// The databases that a token has a part for.
    package enum Part: Sendable, CaseIterable {
        case rooms, accounts, transitory
    }

    /// The token of these versionstamps.
    package init(rooms: Versionstamp, accounts: Versionstamp, transitory: Versionstamp, sticky: Versionstamp? = nil) {
        self.rooms = rooms
        self.accounts = accounts
        self.transitory = transitory
        self.sticky = sticky
    }

    /// The token of these positions.
    package init(rooms: Position, accounts: Position, transitory: Position, sticky: Position? = nil) {
        self.init(
            rooms: Versionstamp(rooms), accounts: Versionstamp(accounts), transitory: Versionstamp(transitory),
            sticky: sticky.map { Versionstamp($0) })
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
        guard let bytes = Base64URL.decode(string) else { return nil }
        if let key = try? TupleKey<Versionstamp, Versionstamp, Versionstamp>(decoding: bytes) {
            (rooms, accounts, transitory) = key.parts
        } else if let key = try? TupleKey<Versionstamp, Versionstamp, Versionstamp, Versionstamp>(decoding: bytes) {
            (rooms, accounts, transitory, sticky) = key.parts
        } else {
            return nil
        }
    }

    package var description: String {
        let bytes = sticky.map { TupleKey(rooms, accounts, transitory, $0).encoded } ?? TupleKey(rooms, accounts, transitory).encoded
        return Base64URL.encode(bytes)
    }
}
