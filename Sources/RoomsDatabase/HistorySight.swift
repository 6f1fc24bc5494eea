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
    private let visibilityKey: ShortStateKey?
    private let memberKey: ShortStateKey?
    /// What the last state has for the two keys: neighbouring events mostly share their state.
    private var last = StateRule()
    /// What events of the two types say. There are few of them, however many states there are.
    private var visibilities: [ShortEventID: HistoryVisibility] = [:]
    private var memberships: [ShortEventID: Membership?] = [:]

    /// The two things that decide at one state; the membership is looked up when the visibility alone doesn't decide.
    private struct StateRule {
        var state: ShortStateHash?
        var visibility = HistoryVisibility.shared
        var membership: Membership??
    }

    /// How a user sees a room.
    package init(of room: ShortRoomID, by user: UserID, in view: RoomsView) throws {
        self.view = view
        self.user = user
        standing = try view.standing(of: user, in: room)
        visibilityKey = try view.shortStateKey(.historyVisibility)
        memberKey = try view.shortStateKey(.member(user))
    }

    /// Whether the user may see the event.
    package mutating func canSee(_ event: StoredEvent, at pduID: PDUID) throws -> Bool {
        let state = try view.state(before: event.shortID)
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
        if last.state == state { return last.visibility }
        last = StateRule(state: state)
        guard let event = try visibilityKey.flatMap({ try view.event(of: $0, in: state) }) else { return last.visibility }
        last.visibility = try visibilities[event] ?? HistoryVisibility(content(of: event))
        visibilities[event] = last.visibility
        return last.visibility
    }

    /// - Precondition: the visibility in the state was asked for last.
    private mutating func membership(in state: ShortStateHash) throws -> Membership? {
        precondition(last.state == state, "the visibility comes first")
        if let membership = last.membership { return membership }
        guard let event = try memberKey.flatMap({ try view.event(of: $0, in: state) }) else {
            last.membership = .some(nil)
            return nil
        }
        let membership: Membership? = try memberships[event] ?? content(of: event).flatMap { Membership($0) }
        memberships[event] = .some(membership)
        last.membership = .some(membership)
        return membership
    }

    private func content(of event: ShortEventID) throws -> JSONObject? {
        guard let event = try view.event(event) else { return nil }
        return try JSONFields(scanning: event.json).slice("content").flatMap { try JSONValue(parsing: $0).objectValue }
    }
}
