import Crypto
import MatrixProtocol
import Store
import StoredIdentifiers

/// A commit to the rooms database that is under way.
///
/// What can be done stands in the extensions, one file for each subject. It reads by `view`, its own writes included.
package struct RoomsCommit {
    /// The commit itself.
    package let commit: Commit
    /// The server whose data this is.
    package let serverName: ServerName
    let stateSecret: SymmetricKey
    let localMembers: LocalMembers
    let authEvents: EventCache
    /// The last short ID before this commit.
    private let shortIDBefore: UInt64
    private let written = WrittenEvents()

    /// The events of which this commit has written what is kept.
    private final class WrittenEvents {
        var events: Set<ShortEventID> = []
    }

    init(_ commit: Commit, serverName: ServerName, stateSecret: SymmetricKey, localMembers: LocalMembers, authEvents: EventCache) {
        self.commit = commit
        self.serverName = serverName
        self.stateSecret = stateSecret
        self.localMembers = localMembers
        self.authEvents = authEvents
        shortIDBefore = commit.lastShortID
    }

    /// When the commit takes place, in milliseconds since 1970.
    package var time: Int64 { commit.time }

    /// Has something done once the commit can be read.
    package func onPublication(_ action: @escaping @Sendable () -> Void) { commit.onPublication(action) }

    /// What the database holds, this commit's writes included.
    package var view: RoomsView { RoomsView(commit) }

    /// Notes that this commit writes what is kept of an event. It isn't remembered, neither as it was nor, as the commit may come to
    /// nothing, as it will be.
    func noteWriting(_ event: ShortEventID) {
        written.events.insert(event)
        authEvents.forget(event)
    }

    /// Whether this commit has written what is kept of an event.
    func hasWritten(_ event: ShortEventID) -> Bool { written.events.contains(event) }

    /// Whether this commit has made the state: nobody else can read it yet.
    func hasMade(_ state: ShortStateHash) -> Bool { state.number > shortIDBefore }
}
