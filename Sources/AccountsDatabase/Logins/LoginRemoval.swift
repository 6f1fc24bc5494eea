import MatrixProtocol
import Store
import StoredIdentifiers

/// The removal of all logins of a user but one: as many as fit into the commit that decides on it, the others by a job.
package struct LoginRemoval: Sendable {
    /// The kind of jobs that go on with it. The argument is the removal.
    package static let job = "remove_logins"

    let user: UserID
    /// The device that stays logged in; nil for none.
    let kept: String?
    /// Devices that have come later stay, in milliseconds since 1970.
    let decidedAt: Int64

    /// The tuple of the members, in their order.
    var encoded: [UInt8] { TupleKey(user, kept, decidedAt).encoded }

    init(of user: UserID, except kept: String?, decidedAt: Int64) {
        self.user = user
        self.kept = kept
        self.decidedAt = decidedAt
    }

    init(encoded bytes: [UInt8]) throws {
        let (user, kept, decidedAt) = try TupleKey<UserID, String?, Int64>(encoded: bytes).parts
        self.init(of: user, except: kept, decidedAt: decidedAt)
    }

    /// What the jobs do, each step in one commit.
    package static let goingOn = JobKind(job) { job, commit in
        let removal = try LoginRemoval(encoded: job.argument)
        let left = try commit.removeLogins(of: removal.user, try removal.devices(in: commit)[...])
        return left.isEmpty ? .isDone : .goesOn
    }

    fileprivate func devices(in commit: Commit) throws -> [String] {
        try AccountsView(commit).devices(of: user).filter { $0.id != kept && $0.metadata.createdAt <= decidedAt }.map(\.id)
    }
}

extension Commit {
    /// Removes all logins of a user but one.
    ///
    /// - Parameter jobs: those of the database, `LoginRemoval.goingOn` among them.
    /// - Returns: the job that goes on where they are too many for a commit.
    func removeLogins(of user: UserID, except kept: String?, goingOnIn jobs: Jobs) throws -> JobID? {
        let removal = LoginRemoval(of: user, except: kept, decidedAt: time)
        try removeLoginTokens(of: user)
        guard try !removeLogins(of: user, try removal.devices(in: self)[...]).isEmpty else { return nil }
        return jobs.start(LoginRemoval.job, argument: removal.encoded, in: self)
    }

    /// Removes the logins of some of a user's devices, as many as fit into the commit.
    ///
    /// - Returns: the devices that are left.
    func removeLogins(of user: UserID, _ devices: ArraySlice<String>) throws -> ArraySlice<String> {
        var rest = devices
        while !isHalfFull, let device = rest.popFirst() {
            if try contains(AccountsMaps.deviceToMetadata, TupleKey(user, device)) { try removeLogin(of: user, device: device) }
        }
        return rest
    }
}
