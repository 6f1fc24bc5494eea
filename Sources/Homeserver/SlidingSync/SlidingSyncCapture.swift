import Store
import TransitoryDatabase

/// What an answer is made from: a request, what its client has been told before, and one state of each database.
struct SlidingSyncCapture: Sendable {
    let request: SlidingSyncRequest
    /// What the client has; nil when it begins.
    let position: SlidingSyncPosition?
    /// The databases, and the requester, as in every sync.
    let sync: SyncCapture
    let connectionKey: SlidingConnectionKey

    /// Up to where the answer goes, messages to the device beside.
    var token: SyncToken {
        SyncToken(rooms: sync.rooms.position, accounts: sync.accounts.position, transitory: sync.transitory.position)
    }
}
