import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// The tags that a user gives to rooms: account data of the type `m.tag` ("Room Tagging").
extension Accounts {
    /// A room's tags and what is said with each, as JSON (`GET /user/{userId}/rooms/{roomId}/tags`).
    ///
    /// - Throws: `M_FORBIDDEN` for another user's.
    package func tags(of user: UserID, on room: RoomID, for requester: Requester) throws -> JSONObject {
        try Self.check(requester, is: user, "Tags can be read by their own user only")
        return Self.tags(in: try database.view().accountData(of: user, in: room, type: AccountDataType.tag))
    }

    /// Sets a room's tag (`PUT /user/{userId}/rooms/{roomId}/tags/{tag}`) or takes it away (`DELETE`).
    ///
    /// - Parameter content: what is said with the tag, such as its `order`; nil takes it away.
    /// - Throws: `M_FORBIDDEN` for another user's; `M_INVALID_PARAM`, `M_TOO_LARGE`.
    package func setTag(_ tag: String, of user: UserID, on room: RoomID, to content: JSONObject?, for requester: Requester) async throws {
        try Self.check(requester, is: user, "Tags can be set by their own user only")
        guard !tag.isEmpty, tag.utf8.count <= AccountsLimits.tagSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A tag has 1 to \(AccountsLimits.tagSizeMaxBytes) bytes")
        }
        try await Self.describingTooMuchAccountData {
            try await database.changeAccountData(of: user, in: room, type: AccountDataType.tag) { old in
                var tags = Self.tags(in: old)
                tags[tag] = content.map { .object($0) }
                let json = JSONObject(dictionaryLiteral: ("tags", .object(tags))).encoded()
                guard json.count <= AccountsLimits.accountDataSizeMaxBytes else {
                    throw MatrixError(.tooLarge, "A room's tags have at most \(AccountsLimits.accountDataSizeMaxBytes) bytes")
                }
                return json
            }
        }
    }

    private static func tags(in accountData: [UInt8]?) -> JSONObject {
        accountData.flatMap { try? JSONValue(parsing: $0) }?.objectValue?["tags"]?.objectValue ?? [:]
    }
}
