import AccountsDatabase
import Store
import TransitoryDatabase

/// What an answer is made from: a request, and one state of each database.
struct SyncCapture: Sendable {
    let request: SyncRequest
    let requester: Requester
    let rooms: PublishedSnapshot
    let accounts: PublishedSnapshot
    let transitory: PublishedSnapshot
    /// Where messages wait for the requester's device; nil without a device.
    let inbox: DeviceInbox?
    /// What the user has not read.
    let unreadCounts: UnreadCounts
    /// Now, in milliseconds.
    let now: Int64
    /// The members that the client has been told of and is told of; nil where nobody loads them lazily.
    var toldMembers: ToldMembers?

    /// How far the client has seen each database; nil in an initial sync. Never beyond what there is, where a token of a database that was lost may be.
    var roomsSince: Position? { request.since.map { min($0.rooms.position, rooms.position) } }
    var accountsSince: Position? { request.since.map { min($0.accounts.position, accounts.position) } }
    var transitorySince: Position? { request.since.map { min($0.transitory.position, transitory.position) } }

    /// What the transitory database's log has since the token; nil in an initial sync, when that is too much, or when the log doesn't go back so far.
    func transitoryLog() throws -> [LogEntry]? {
        try transitorySince.flatMap { try SyncBuilder.log(of: transitory, since: $0) }
    }

    /// How many keys of the requester's device can be claimed.
    func keyCounts() throws -> KeyCounts {
        guard let device = requester.deviceID else { return KeyCounts() }
        return try AccountsView(accounts).keyCounts(of: requester.userID, device: device)
    }
}
