import CanonicalJSON
import MatrixProtocol
import Store

/// What a user may see of a room's history: one function of the state at each event and the user's memberships, for every way to
/// read events ("Room history visibility" in the client-server API).
package struct HistorySight {
    /// What the room is to the user now.
    package let standing: RoomsView.Standing
    private let view: RoomsView
    private let user: UserID
    private let room: ShortRoomID
    private let keys: Keys
    private let ignored: IgnoredUsers
    /// The room's current state, of which single entries are found faster than of others.
    private let current: ShortStateHash
    /// The states before events that were looked up ahead.
    private var statesBefore: [ShortEventID: ShortStateHash] = [:]
    /// What the last state has for the two keys: neighbouring events mostly share their state.
    private var last = StateRule()
    /// What events of the two types say. There are few of them, however many states there are.
    private var visibilities: [ShortEventID: HistoryVisibility] = [:]
    private var memberships: [ShortEventID: Membership?] = [:]
    /// Whether senders whose events were looked at are erased.
    private var erasures: [UserID: Bool] = [:]

    /// The two things that decide at one state, as far as they were looked up.
    private struct StateRule {
        var state: ShortStateHash?
        var visibility: HistoryVisibility?
        var membership: Membership??
    }

    /// The state keys that decide, which are the same for all rooms.
    package struct Keys: Sendable {
        fileprivate let visibility: ShortStateKey?
        fileprivate let member: ShortStateKey?

        /// The keys for what a user sees.
        package init(for user: UserID, in view: RoomsView) throws {
            visibility = try view.shortStateKey(.historyVisibility)
            member = try view.shortStateKey(.member(user))
        }
    }

    /// How a user sees a room.
    ///
    /// - Parameters:
    ///   - standing: what the room is to the user, where that is known.
    ///   - keys: the user's keys, where they are known.
    ///   - ignored: whose events the user doesn't want to see.
    package init(
        of room: ShortRoomID, by user: UserID, in view: RoomsView, standing: RoomsView.Standing? = nil, keys: Keys? = nil,
        ignoring ignored: IgnoredUsers = .none
    ) throws {
        self.view = view
        self.user = user
        self.room = room
        self.ignored = ignored
        self.standing = try standing ?? view.standing(of: user, in: room)
        self.keys = try keys ?? Keys(for: user, in: view)
        current = try view.currentState(of: room)
    }

    /// Looks up at once what `canSee` needs of each of the events.
    package mutating func lookAhead(at events: [StoredEvent]) throws {
        let states = try view.reader.get(RoomsMaps.shortEventIDToStateHash, all: events.map(\.shortID))
        for (event, state) in zip(events, states) { statesBefore[event.shortID] = state }
    }

    /// The event as the user sees it, who may and wants to see it: redacted, when its sender is erased and the user wasn't in the room at the event
    /// ("Account deactivation").
    package mutating func see(_ event: StoredEvent, at pduID: PDUID) throws -> StoredEvent? {
        guard try canSee(event, at: pduID) else { return nil }
        return try isErased(event, at: pduID) ? redacted(event) : event
    }

    /// Whether of an event that may be seen nothing is left for the user, since its sender is erased.
    package mutating func isErased(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        if case .joined(let since) = standing, pduID.position >= since { return false }
        guard let sender = try event.sender() else { return false }
        let isErased = try erasures[sender] ?? view.isErased(sender)
        erasures[sender] = isErased
        return try isErased && membership(at: event, pduID) != .join
    }

    private func redacted(_ event: StoredEvent) throws -> StoredEvent {
        guard event.redaction == .none, let room = try view.room(view.roomID(of: room)) else { return event }
        return StoredEvent(
            id: event.id, shortID: event.shortID, replaced: .none, json: try Event(event, in: room).redacted(version: room.version).bytes)
    }

    /// Whether the user may see something of the event, and wants to.
    package mutating func canSee(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        try maySee(event, at: pduID) && !ignored.hide(event)
    }

    private mutating func maySee(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        let state = try statesBefore[event.shortID] ?? view.state(before: event.shortID)
        let visibility = try visibility(in: state)
        if isOpen(visibility, at: pduID.position) { return true }
        let membership = try membership(in: state)
        if Self.allows(visibility, membership) { return true }
        // An event that changes the visibility, or the user's own membership, is also seen by what it sets.
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let stateKey = fields.string("state_key"), let content = fields.slice("content") else {
            return false
        }
        switch StateKey(type, stateKey) {
        case .historyVisibility:
            let after = HistoryVisibility(try JSONValue(parsing: content).objectValue)
            return isOpen(after, at: pduID.position) || Self.allows(after, membership)
        case .member(user):
            let after = Membership(try JSONValue(parsing: content).objectValue ?? [:])
            return Self.allows(visibility, after) || Self.isOwnEnd(from: membership, to: after)
        default: return false
        }
    }

    /// The user's membership at an event, what it changes included; `leave` for who had nothing to do with the room yet.
    package mutating func membership(at event: StoredEvent, _ pduID: PDUID) throws -> Membership {
        if case .joined(let since) = standing, pduID.position >= since { return .join }
        let fields = try JSONFields(scanning: event.json)
        if fields.string("type") == EventType.roomMember, fields.string("state_key") == user.string, let content = fields.slice("content") {
            return Membership(try JSONValue(parsing: content).objectValue ?? [:]) ?? .leave
        }
        let state = try statesBefore[event.shortID] ?? view.state(before: event.shortID)
        return try membership(in: state) ?? .leave
    }

    /// Whether the visibility lets the user see an event there, whatever the membership was.
    private func isOpen(_ visibility: HistoryVisibility, at position: Position) -> Bool {
        switch visibility {
        case .worldReadable: true
        case .shared: wasJoined(after: position)
        case .invited, .joined: false
        }
    }

    private static func allows(_ visibility: HistoryVisibility, _ membership: Membership?) -> Bool {
        membership == .join || membership == .invite && visibility == .invited
    }

    /// Whether the user learns from the event that the room is over: that an invite is turned down or taken back, a knock refused.
    private static func isOwnEnd(from before: Membership?, to after: Membership?) -> Bool {
        (after == .leave || after == .ban) && (before == .join || before == .invite || before == .knock)
    }

    private func wasJoined(after position: Position) -> Bool {
        switch standing {
        case .joined: true
        case .left(let left): position < left.joinedUntil
        case .invited, .knocked, .stranger: false
        }
    }

    private mutating func visibility(in state: ShortStateHash) throws -> HistoryVisibility {
        if last.state != state { last = StateRule(state: state) }
        if let visibility = last.visibility { return visibility }
        var visibility = HistoryVisibility.shared
        if let event = try entry(keys.visibility, of: state) {
            visibility = try visibilities[event] ?? HistoryVisibility(view.event(event)?.content())
            visibilities[event] = visibility
        }
        last.visibility = visibility
        return visibility
    }

    private mutating func membership(in state: ShortStateHash) throws -> Membership? {
        if last.state != state { last = StateRule(state: state) }
        if let membership = last.membership { return membership }
        var membership: Membership?
        if let event = try entry(keys.member, of: state) {
            membership = try memberships[event] ?? view.event(event)?.membership()
            memberships[event] = .some(membership)
        }
        last.membership = .some(membership)
        return membership
    }

    private func entry(_ key: ShortStateKey?, of state: ShortStateHash) throws -> ShortEventID? {
        guard let key else { return nil }
        return state == current
            ? try view.reader.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room, key)) : try view.event(of: key, in: state)
    }
}
