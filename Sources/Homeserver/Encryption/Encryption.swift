import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

/// What end-to-end encryption needs of the server: keys that devices publish and ask for ("End-to-End Encryption").
///
/// What can be done stands in the extensions, one file for each subject. Users of other servers are not asked for their keys yet.
package final class Encryption: Sendable {
    let accounts: Accounts
    let database: AccountsDatabase
    let serverName: ServerName

    package init(accounts: Accounts, database: AccountsDatabase, serverName: ServerName) {
        self.accounts = accounts
        self.database = database
        self.serverName = serverName
    }

    /// The requester's device.
    ///
    /// - Throws: `M_INVALID_PARAM` if the access token belongs to none.
    static func device(of requester: Requester) throws(MatrixError) -> String {
        guard let device = requester.deviceID else { throw MatrixError(.invalidParameter, "The access token belongs to no device") }
        return device
    }

    /// What is said of servers that should have been asked: they can't be reached.
    func failures(_ servers: Set<ServerName>) -> JSONObject {
        servers.reduce(into: [:]) { $0[$1.string] = ["status": 503, "message": "This server can't be reached"] }
    }
}
