internal import CanonicalJSON

/// The part of a room's state that the rules look at for one event: exactly what auth event selection names.
struct AuthorizationState {
    let create: Event
    let powerLevelsEvent: Event?
    let powerLevels: PowerLevels
    /// The memberships of the users whom the event concerns, by user ID; nobody's is `leave`.
    private let memberships: [StateKey: Membership]
    /// The join rule; nil if the room has one that isn't known, or not in this version.
    let joinRule: JoinRule?
    /// The invitation whose token a third-party invite carries.
    let thirdPartyInvite: Event?

    init(for event: Event, version: RoomVersion, state: (StateKey) throws -> Event?) throws {
        guard let create = try state(.create) else { throw AuthorizationError.noCreateEvent }
        var powerLevelsEvent: Event?
        var memberships: [StateKey: Membership] = [:]
        var joinRule: JoinRule? = .default
        var thirdPartyInvite: Event?
        for key in Authorization.authEventKeys(for: event, version: version) {
            switch key.type {
            case EventType.roomPowerLevels: powerLevelsEvent = try state(key)
            case EventType.roomMember: memberships[key] = try state(key)?.membership
            case EventType.roomJoinRules:
                if let value = try state(key)?.contentMember("join_rule") {
                    joinRule = value.stringValue.flatMap(JoinRule.init(rawValue:)).flatMap { $0.isAvailable(in: version) ? $0 : nil }
                }
            case EventType.roomThirdPartyInvite: thirdPartyInvite = try state(key)
            default: break
            }
        }
        self.create = create
        self.powerLevelsEvent = powerLevelsEvent
        self.powerLevels = PowerLevels(powerLevelsEvent, create: create, version: version)
        self.memberships = memberships
        self.joinRule = joinRule
        self.thirdPartyInvite = thirdPartyInvite
    }

    /// A user's membership before the event.
    func membership(of user: String) -> Membership { memberships[StateKey(EventType.roomMember, user)] ?? .leave }
}
