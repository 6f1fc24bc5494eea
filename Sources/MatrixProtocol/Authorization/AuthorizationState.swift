/// The part of a room's state that the rules look at for one event: exactly what auth event selection names.
struct AuthorizationState {
    let create: Event
    let createContent: CreateContent
    let powerLevels: PowerLevels
    let senderMembership: Membership
    /// The membership of whom a member event is about.
    let targetMembership: Membership
    /// The membership of the user who vouches for a restricted join.
    let authorisingUserMembership: Membership
    /// The join rule; nil if the room has one that isn't known, or not in this version.
    let joinRule: JoinRule?
    /// The invitation whose token a third-party invite carries.
    let thirdPartyInvite: Event?
}

extension AuthorizationState {
    init(for event: Event, version: RoomVersion, state: (StateKey) throws -> Event?) throws {
        guard let create = try state(.create) else { throw AuthorizationError.noCreateEvent }
        // Nobody's membership is the same as having left.
        func membership(_ key: StateKey?) throws -> Membership { try key.flatMap(state)?.membership ?? .leave }
        let required = RequiredState(event, version: version)
        let sender = try membership(required.sender)
        self.init(
            create: create, createContent: create.createContent,
            powerLevels: PowerLevels(try state(.powerLevels), create: create, version: version),
            senderMembership: sender, targetMembership: required.target == nil ? sender : try membership(required.target),
            authorisingUserMembership: try membership(required.authorisingUser),
            joinRule: required.needsJoinRules ? JoinRule(inForce: try state(.joinRules), version: version) : .default,
            thirdPartyInvite: try required.thirdPartyInvite.flatMap(state))
    }
}
