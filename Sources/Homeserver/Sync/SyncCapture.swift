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
    /// Now, in milliseconds.
    let now: Int64

    /// How many keys of the requester's device can be claimed.
    func keyCounts() throws -> KeyCounts {
        guard let device = requester.deviceID else { return KeyCounts() }
        return try AccountsView(accounts).keyCounts(of: requester.userID, device: device)
    }
}
