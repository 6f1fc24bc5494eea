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
    /// The last position before this commit.
    private let positionBefore: Position

    init(_ commit: Commit, serverName: ServerName, stateSecret: SymmetricKey, localMembers: LocalMembers, authEvents: EventCache) {
        self.commit = commit
        self.serverName = serverName
        self.stateSecret = stateSecret
        self.localMembers = localMembers
        self.authEvents = authEvents
        positionBefore = commit.position
    }

    /// What the database holds, this commit's writes included.
    package var view: RoomsView { RoomsView(commit) }

    /// Whether the event found its place in an earlier commit.
    func isFromEarlierCommit(_ event: ShortEventID) throws -> Bool {
        guard let pduID = try commit.get(RoomsMaps.shortEventIDToPDUID, event) else { return false }
        return pduID.isLive && pduID.position <= positionBefore
    }
}
