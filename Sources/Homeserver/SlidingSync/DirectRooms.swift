import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// The rooms that a user has for talking to one other user ("Direct Messaging").
struct DirectRooms: Sendable {
    let ids: Set<RoomID>

    /// None.
    init() {
        ids = []
    }

    init(of user: UserID, in view: AccountsView) throws {
        let content =
            try view.accountData(of: user, in: nil, type: AccountDataType.direct).flatMap { try JSONValue(parsing: $0).objectValue } ?? [:]
        ids = Set(content.flatMap { $0.value.arrayValue ?? [] }.compactMap { $0.stringValue.map(RoomID.init(trusted:)) })
    }

    func contains(_ room: RoomID) -> Bool { ids.contains(room) }
}
