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
}
