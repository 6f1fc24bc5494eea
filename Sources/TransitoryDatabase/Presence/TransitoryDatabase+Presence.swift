import MatrixProtocol
import Store
import StoredIdentifiers

/// A user's presence is the latest message of a stream with one key, in a scope that concerns whoever shares a room with the user.
private let presenceKey = "m.presence"

extension Reader {
    /// A user's presence, as it was told last; nil for users of whom nothing is known.
    package func presence(of user: UserID) throws -> UserPresence? {
        try streamMessages(of: presenceKey, in: .presence(user)).last.map { try UserPresence(encoded: $0.value) }
    }
}

extension TransitoryDatabase {
    /// Tells of users' presence, where that is not what was told last.
    ///
    /// - Parameters:
    ///   - presence: a user's presence, given the last one that was told; it is asked within the commit, so that the last answer is the one that
    ///     stays.
    ///   - durability: how long to wait; `synced` ends when everybody can see it.
    package func tellPresence(
        of users: [UserID], _ durability: Durability, _ presence: @escaping @Sendable (UserID, UserPresence) -> UserPresence
    ) async throws {
        try await database.commit(durability) { [streams] commit in
            for user in users {
                let known = try commit.presence(of: user) ?? .offline
                let new = presence(user, known)
                guard new.isNews(after: known) else { continue }
                let push = StreamPush(key: presenceKey, value: new.encoded, action: .replace)
                try streams.push([push], to: .presence(user), lifetime: 0, in: commit)
            }
        }
    }

    /// Has a user be somebody of whom nothing is known, and tells of that.
    package func forgetPresence(of user: UserID, in commit: Commit) throws {
        guard try commit.presence(of: user) ?? .offline != .offline else { return }
        let push = StreamPush(key: presenceKey, value: UserPresence.offline.encoded, action: .replace)
        try streams.push([push], to: .presence(user), lifetime: 0, in: commit)
    }
}

extension PublishedSnapshot {
    /// Everybody who is not offline.
    package func presentUsers() throws -> [UserID] {
        var scopes = try domain(TransitoryMaps.streams, .prefix([Scope.Kind.presence.rawValue]))
        return try scopes.collect().map { try UserID(encoded: $0.key.id) }.filter { try presence(of: $0)?.state ?? .offline != .offline }
    }
}
