import AccountsDatabase
import Store

/// What an answer is made from: a request, and one state of each database.
struct SyncCapture: Sendable {
    let request: SyncRequest
    let requester: Requester
    let rooms: PublishedSnapshot
    let accounts: PublishedSnapshot
    /// The moment's `next_batch`.
    let next: SyncToken
    /// Now, in milliseconds.
    let now: Int64

    /// How many keys of the requester's device can be claimed.
    func keyCounts() throws -> KeyCounts {
        guard let device = requester.deviceID else { return KeyCounts() }
        return try AccountsView(accounts).keyCounts(of: requester.userID, device: device)
    }
}
