import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

extension Accounts {
    /// The types that the server manages, and that clients can only read ("Client Config", "Server Behaviour").
    private static let managedAccountDataTypes: Set<String> = [AccountDataType.fullyRead, AccountDataType.pushRules]

    /// The content of an entry of account data, as JSON (`GET /user/{userId}/account_data/{type}` and the same in a room).
    ///
    /// - Parameter room: the room, or nil for global account data.
    /// - Throws: `M_FORBIDDEN` for another user's, `M_NOT_FOUND` if it was never set, or was removed.
    package func accountData(of user: UserID, in room: RoomID?, type: String, for requester: Requester) throws -> [UInt8] {
        try Self.check(requester, is: user, "Account data can be read by its own user only")
        let view = database.view()
        if room == nil, type == AccountDataType.pushRules { return try view.pushRuleset(of: user, settings.pushRules).content.encoded() }
        guard let content = try view.accountData(of: user, in: room, type: type) else {
            throw MatrixError(.notFound, "No such account data")
        }
        return content
    }

    /// Sets an entry of account data (`PUT /user/{userId}/account_data/{type}` and the same in a room). Empty content removes it (MSC3391).
    ///
    /// - Parameters:
    ///   - room: the room, or nil for global account data.
    ///   - content: a JSON object.
    /// - Throws: `M_FORBIDDEN` for another user's; `M_BAD_JSON` with the status 405 for a type that the server manages; `M_INVALID_PARAM`,
    ///   `M_TOO_LARGE`.
    package func setAccountData(
        of user: UserID, in room: RoomID?, type: String, to content: [UInt8], for requester: Requester
    ) async throws {
        try checkAccountData(of: user, type, isSetBy: requester)
        guard content.count <= AccountsLimits.accountDataSizeMaxBytes else {
            throw MatrixError(.tooLarge, "An entry of account data has at most \(AccountsLimits.accountDataSizeMaxBytes) bytes")
        }
        try await Self.describingTooMuchAccountData {
            _ = try await database.setAccountData(of: user, in: room, type: type, to: content)
        }
    }

    /// Runs a change of account data for which a user may have no room.
    static func describingTooMuchAccountData(_ change: () async throws -> Void) async throws {
        do {
            try await change()
        } catch AccountsConflict.tooMuchAccountData {
            throw MatrixError(.tooLarge, "This would be too much account data")
        }
    }

    /// Removes an entry of account data, if there is one (`DELETE .../user/{userId}/account_data/{type}` of MSC3391, and the same in a room).
    ///
    /// - Throws: as `setAccountData` does.
    package func removeAccountData(of user: UserID, in room: RoomID?, type: String, for requester: Requester) async throws {
        try checkAccountData(of: user, type, isSetBy: requester)
        try await database.removeAccountData(of: user, in: room, type: type)
    }

    private func checkAccountData(of user: UserID, _ type: String, isSetBy requester: Requester) throws(MatrixError) {
        try Self.check(requester, is: user, "Account data can be set by its own user only")
        guard !Self.managedAccountDataTypes.contains(type) else {
            throw MatrixError(.badJSON, "\(type) can't be set through this API", status: 405)
        }
        guard !type.isEmpty, type.utf8.count <= AccountsLimits.accountDataTypeSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A type has 1 to \(AccountsLimits.accountDataTypeSizeMaxBytes) bytes")
        }
    }
}
