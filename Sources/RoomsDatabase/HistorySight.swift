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
    /// What a state says, remembered because neighbouring events mostly share theirs.
    private var remembered: (state: ShortStateHash, rule: Rule)?

    /// The two things that decide at one state.
    private struct Rule {
        var visibility: HistoryVisibility
        var membership: Membership?
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
        let before = try rule(at: try view.state(before: event.shortID))
        if allows(before, pduID.position) { return true }
        // An event that changes the visibility, or the user's own membership, is also seen by what it sets.
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let stateKey = fields.string("state_key"), let content = fields.slice("content") else {
            return false
        }
        var after = before
        switch StateKey(type, stateKey) {
        case .historyVisibility: after.visibility = HistoryVisibility(try JSONValue(parsing: content).objectValue)
        case .member(user): after.membership = Membership(try JSONValue(parsing: content).objectValue ?? [:])
        default: return false
        }
        return allows(after, pduID.position)
    }

    private func allows(_ rule: Rule, _ position: Position) -> Bool {
        switch (rule.visibility, rule.membership) {
        case (.worldReadable, _), (_, .join): true
        case (.shared, _): wasJoined(after: position)
        case (.invited, .invite): true
        default: false
        }
    }

    private func wasJoined(after position: Position) -> Bool {
        switch standing {
        case .joined: true
        case .left(let left): position < left.joinedUntil
        case .invited, .knocked, .stranger: false
        }
    }

    private mutating func rule(at state: ShortStateHash) throws -> Rule {
        if let remembered, remembered.state == state { return remembered.rule }
        let visibility = try content(of: visibilityKey, in: state).map { HistoryVisibility($0) } ?? .shared
        let membership = try content(of: memberKey, in: state).flatMap { Membership($0) }
        let rule = Rule(visibility: visibility, membership: membership)
        remembered = (state, rule)
        return rule
    }

    private func content(of key: ShortStateKey?, in state: ShortStateHash) throws -> JSONObject? {
        guard let key, let shortID = try view.event(of: key, in: state), let event = try view.event(shortID) else { return nil }
        return try JSONFields(scanning: event.json).slice("content").flatMap { try JSONValue(parsing: $0).objectValue }
    }
}
