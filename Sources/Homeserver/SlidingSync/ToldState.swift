import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Which of a room's state an answer tells, and what the client has of it then.
struct ToldState {
    private(set) var entries: [ShortStateKey: ShortEventID] = [:]
    /// The members that the client has because they were needed.
    private(set) var members: [ShortStateKey]
    /// What the client is known to have, as far as it has not changed without being told.
    let known: RequiredState

    /// So many members of a room are remembered; others are told again when they are needed.
    private static let membersMax = 500

    /// - Parameters:
    ///   - known: what the client wanted before; nil when it wasn't told of the room.
    ///   - members: the members that it has.
    init(
        of news: RoomNews, wanted: RequiredState, known before: RequiredState?, members membersBefore: [ShortStateKey]
    ) throws {
        members = news.isInitial ? [] : membersBefore
        if let before, !news.isInitial {
            for change in news.changes where wanted.wants(change.key) { entries[change.short] = change.event }
            let added = wanted.subtracting(before)
            for (key, event) in try news.end.entries(added) { entries[key] = event }
            known = before.known(after: wanted, changed: news.changes.map(\.key))
        } else {
            entries = try news.end.entries(wanted)
            known = wanted
        }
        try addMembers(of: news, wanted)
    }

    /// Adds the members that are needed to show the timeline, and takes note of those who have changed.
    private mutating func addMembers(of news: RoomNews, _ wanted: RequiredState) throws {
        var told: [ShortStateKey: ShortEventID] = [:]
        if wanted.lazyLoadsMembers { told = try news.end.entries(Self.membersNeeded(by: news.events)) }
        let isGapless = wanted.lazyLoadsMembers && !news.isInitial && !news.isExpanded && !news.isLimited
        for change in news.changes where change.short.isMember {
            if isGapless, let event = change.event { told[change.short] = event }
            // Whoever has changed is told of, or no longer what the client has.
            members.removeAll { $0 == change.short }
        }
        let has = Set(members)
        for (key, event) in told.sorted(by: { $0.key < $1.key }) where !has.contains(key) {
            entries[key] = event
            members.append(key)
        }
        members = members.suffix(Self.membersMax)
    }

    /// Adds the user's own membership, as far as it is wanted: clients take a room for joined of which they are told without it.
    mutating func addEnding(of news: RoomNews, _ wanted: RequiredState, of user: UserID) {
        guard wanted.lazyLoadsMembers || wanted.wants(.member(user)) else { return }
        entries.merge(news.ending) { $1 }
    }

    /// Those who sent the events, and whose memberships they are.
    private static func membersNeeded(by events: [StoredEvent]) throws -> [StateKey] {
        var members: Set<String> = []
        for event in events {
            let fields = try JSONFields(scanning: event.json)
            if let sender = fields.string("sender") { members.insert(sender) }
            if fields.string("type") == EventType.roomMember, let member = fields.string("state_key") { members.insert(member) }
        }
        return members.map { StateKey(EventType.roomMember, $0) }
    }
}
