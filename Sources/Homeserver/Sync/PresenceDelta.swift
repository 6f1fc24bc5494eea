import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import StoredIdentifiers
import TransitoryDatabase

/// Whose presence a sync has to tell of ("Presence"): those who share a room with the requester, and the requester.
struct PresenceDelta {
    /// The events as JSON.
    let events: [[UInt8]]

    /// - Parameters:
    ///   - log: what the transitory database's log has since the token; nil when that is too much, or the log doesn't go back so far.
    ///   - room: the room whose members are meant; nil for all who share one with the requester.
    ///   - newlyShared: who shares a room with the requester only since then: they are told of as they are, whenever that has changed.
    ///   - ignored: whom the requester doesn't want to see.
    ///   - namesUsers: whether the contents name their users too, as those know them who don't use `/sync`.
    init(
        _ capture: SyncCapture, _ log: [LogEntry]?, in room: ShortRoomID? = nil, newlyShared: Set<UserID>, _ ignored: IgnoredUsers,
        _ presence: Presence, namesUsers: Bool = false
    ) throws {
        let filter = capture.request.filter.presence
        let user = capture.requester.userID
        guard presence.isEnabled, filter.wants(type: Self.type) else {
            events = []
            return
        }
        let candidates = try Self.candidates(capture, log, presence).union(newlyShared)
        let view = RoomsView(capture.rooms)
        events = try candidates.sorted().compactMap { candidate in
            guard !ignored.contains(candidate), filter.wants(type: Self.type, from: candidate),
                let told = try capture.transitory.presence(of: candidate)
            else { return nil }
            let isSeen =
                try room.map { try view.isJoined(candidate, to: $0) }
                ?? (candidate == user || newlyShared.contains(candidate) || view.doShareRoom(candidate, user))
            guard isSeen else { return nil }
            var content = presence.content(of: candidate, told)
            if namesUsers { content["user_id"] = .string(candidate.string) }
            let event: JSONObject = [
                "content": .object(content), "sender": .string(candidate.string), "type": .string(Self.type),
            ]
            return event.encoded()
        }
    }

    private static let type = "m.presence"
    /// In so many scopes something may have happened since the token; with more, all are looked at.
    private static let recentScopesMax = 2000

    /// About how much JSON it is.
    var sizeBytes: Int { events.reduce(0) { $0 + $1.count + 1 } }

    /// Whose presence has changed; in an initial sync, who isn't offline.
    private static func candidates(_ capture: SyncCapture, _ log: [LogEntry]?, _ presence: Presence) throws -> Set<UserID> {
        guard let since = capture.transitorySince else { return Set(presence.presentUsers) }
        let scopes = try log?.map(\.change.scope) ?? Self.scopes(of: capture.transitory, newerThan: since)
        return Set(try scopes.filter { $0.kind == .presence }.map { try UserID(encoded: $0.id) })
    }

    /// The scopes of presences that have changed, where the log is too long: those that are remembered, or else all are looked at.
    private static func scopes(of transitory: PublishedSnapshot, newerThan since: Position) throws -> [Scope] {
        guard let recent = transitory.recentScopes(after: since, limit: recentScopesMax) else {
            return try transitory.scopes(newerThan: since, from: Scope(.presence, []))
        }
        let presences = Array(recent).filter { $0.kind == .presence }
        // Of what is remembered, some may be newer than this state.
        return zip(presences, try transitory.positions(of: presences)).filter { $0.1.map { $0 > since } ?? false }.map(\.0)
    }
}
