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

    init(_ commit: Commit, serverName: ServerName, stateSecret: SymmetricKey, localMembers: LocalMembers, authEvents: EventCache) {
        self.commit = commit
        self.serverName = serverName
        self.stateSecret = stateSecret
        self.localMembers = localMembers
        self.authEvents = authEvents
    }

    /// What the database holds, this commit's writes included.
    package var view: RoomsView { RoomsView(commit) }
}
