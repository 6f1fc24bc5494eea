import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A user's pushers, by their apps and push keys.
    package func pushers(of user: UserID) throws -> [Pusher] {
        var pushers = try reader.domain(AccountsMaps.pushers, .tuples(user))
        return try pushers.collect().map(\.value)
    }

    /// All pushers, by their users.
    package func pushers() throws -> [(user: UserID, pusher: Pusher)] {
        var pushers = try reader.domain(AccountsMaps.pushers, .all)
        return try pushers.collect().map { ($0.key.parts.0, $0.value) }
    }

    /// One of a user's pushers; nil if there is none.
    package func pusher(of user: UserID, app: String, pushKey: String) throws -> Pusher? {
        try reader.get(AccountsMaps.pushers, TupleKey(user, app, pushKey))
    }
}

extension AccountsDatabase {
    /// The most pushers that a user has.
    package static let pushersMax = 100

    /// Sets a user's pusher, in the place of the one of the same app and push key. One that was there stays with its device: it may be set from
    /// another one, which pauses it (MSC3881).
    ///
    /// - Parameter keepsOthers: whether other users keep theirs of the same app and push key.
    /// - Returns: the position of the change.
    /// - Throws: `AccountsConflict.tooManyPushers`; `AccountsConflict.thirdPartyIDUnknown` for messages to an address that is not the user's.
    package func set(_ pusher: Pusher, of user: UserID, keepsOthers: Bool) async throws -> Position {
        try await database.commit { commit in
            let key = TupleKey(user, pusher.appID, pusher.pushKey)
            let known = try commit.get(AccountsMaps.pushers, key)
            if try known == nil && AccountsView(commit).pushers(of: user).count >= Self.pushersMax {
                throw AccountsConflict.tooManyPushers
            }
            if try pusher.kind == .email && AccountsView(commit).user(of: .email(pusher.pushKey)) != user {
                throw AccountsConflict.thirdPartyIDUnknown
            }
            if !keepsOthers {
                var others = try commit.domain(AccountsMaps.pushKeyToDeviceID, .tuples(pusher.appID, pusher.pushKey))
                for (key, _) in try others.collect() where key.parts.2 != user { commit.remove(pusher, of: key.parts.2) }
            }
            let number = known?.number ?? commit.makeShortID(PusherNumber.self).number
            let device = known?.device ?? pusher.device
            commit.put(
                AccountsMaps.pushers, key,
                pusher.kept(number: number, device: device, at: commit.time, mailProgress: known?.mailProgress ?? pusher.mailProgress))
            commit.put(AccountsMaps.pushKeyToDeviceID, TupleKey(pusher.appID, pusher.pushKey, user), device ?? "")
            return commit.stampPushers(of: user)
        }
    }

    /// Notes what has been sent to the address of a pusher, if it is still there.
    package func setMailProgress(_ progress: MailProgress, of pusher: Pusher, of user: UserID) async throws {
        try await database.commit { commit in
            let key = TupleKey(user, pusher.appID, pusher.pushKey)
            guard let known = try commit.get(AccountsMaps.pushers, key), known.number == pusher.number else { return }
            commit.put(
                AccountsMaps.pushers, key, known.kept(number: known.number, device: known.device, at: known.setAt, mailProgress: progress))
        }
    }

    /// Removes a user's pusher, if it is there.
    ///
    /// - Returns: the position of the change; nil if it was not there.
    package func removePusher(of user: UserID, app: String, pushKey: String) async throws -> Position? {
        try await database.commit { commit in
            guard let pusher = try AccountsView(commit).pusher(of: user, app: app, pushKey: pushKey) else { return nil }
            commit.remove(pusher, of: user)
            return commit.position
        }
    }
}

/// A pusher's number; later ones are higher.
private struct PusherNumber: ShortID {
    let number: UInt64
}

extension Commit {
    /// Removes a user's pushers: those that were set from a device, or all of them for nil.
    func removePushers(of user: UserID, device: String?) throws {
        for pusher in try AccountsView(self).pushers(of: user) where device == nil || pusher.device == device { remove(pusher, of: user) }
    }

    /// Removes the pushers that send messages to an address of a user.
    func removePushers(of user: UserID, to address: ThirdPartyID) throws {
        for pusher in try AccountsView(self).pushers(of: user) where pusher.kind == .email && ThirdPartyID.email(pusher.pushKey) == address
        {
            remove(pusher, of: user)
        }
    }

    fileprivate func remove(_ pusher: Pusher, of user: UserID) {
        delete(AccountsMaps.pushers, TupleKey(user, pusher.appID, pusher.pushKey))
        delete(AccountsMaps.pushKeyToDeviceID, TupleKey(pusher.appID, pusher.pushKey, user))
        stampPushers(of: user)
    }

    @discardableResult
    fileprivate func stampPushers(of user: UserID) -> Position {
        stamp(kind: AccountsChange.pushers.rawValue, scope: .user(user)) { _ in [] }
    }
}
