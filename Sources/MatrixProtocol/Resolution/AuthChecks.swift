/// The authorization of events in conflict against the state that is being built.
///
/// What the rules read is found by index: the keys that an event needs are looked up once, power levels and join rules are decoded once for each
/// event that sets them.
struct AuthChecks {
    /// The state so far.
    private(set) var state: PartialState
    /// What events say about the room, by their indices: the last ones asked for, and of power levels all.
    private var lastCreate: (index: Int, event: Event, content: CreateContent)?
    private var lastPowerLevels: (source: LevelsSource, levels: PowerLevels)?
    private var allPowerLevels: [LevelsSource: PowerLevels] = [:]
    private var lastJoinRule: (index: Int, rule: JoinRule?)?
    private let createKey: Int?
    private let powerLevelsKey: Int?
    private let joinRulesKey: Int?
    /// Whether an event's own auth events stand in for what the state lacks.
    private let usesOwnAuthEvents: Bool

    /// The events that a room's power levels follow from.
    private struct LevelsSource: Hashable {
        let create: Int
        let powerLevels: Int?
    }

    /// An event with the indices of the keys that concern it, where the state has them.
    struct Candidate {
        let index: Int
        let event: Event
        /// The key that the event sets.
        let key: Int
        /// The key of the sender's membership.
        let senderKey: Int?
        /// Whether it is a membership, of somebody else than its sender.
        let isAboutAnother: Bool
        /// Whether it takes the join rule into account.
        let needsJoinRules: Bool
        /// The rest of what it needs, which few memberships do.
        let voucher: (user: String, key: Int?)?
        let invite: (token: String, key: Int?)?
    }

    init(_ state: PartialState, usesOwnAuthEvents: Bool, in events: inout ResolutionEvents) throws {
        self.state = state
        self.usesOwnAuthEvents = usesOwnAuthEvents
        createKey = try self.state.index(of: .create, in: &events)
        powerLevelsKey = try self.state.index(of: .powerLevels, in: &events)
        joinRulesKey = try self.state.index(of: .joinRules, in: &events)
    }

    mutating func candidate(_ index: Int, in events: inout ResolutionEvents) throws -> Candidate {
        let event = try events.event(index)
        let key = state.index(of: try events.key(index), in: &events)
        // Most events are memberships that users set themselves.
        if event.saysMembershipOnly, try events.isOwnMembership(index) {
            return Candidate(
                index: index, event: event, key: key, senderKey: key, isAboutAnother: false,
                needsJoinRules: event.membership == .join || event.membership == .knock || event.membership == .invite, voucher: nil,
                invite: nil)
        }
        let required = RequiredState(event, version: events.version)
        return Candidate(
            index: index, event: event, key: key, senderKey: try state.index(of: required.sender, in: &events),
            isAboutAnother: required.target != nil, needsJoinRules: required.needsJoinRules,
            voucher: try required.authorisingUser.map { ($0.key, try state.index(of: $0, in: &events)) },
            invite: try required.thirdPartyInvite.map { ($0.key, try state.index(of: $0, in: &events)) })
    }

    /// Applies the events in order: each that the rules allow takes its place in the state ("Iterative auth checks").
    mutating func apply(_ indices: [Int], in events: inout ResolutionEvents) throws {
        for index in indices {
            let candidate = try candidate(index, in: &events)
            if try allows(candidate, in: &events) { state.set(candidate.key, to: index) }
        }
    }

    /// Whether the rules allow the event in the state so far.
    mutating func allows(_ candidate: Candidate, in events: inout ResolutionEvents) throws -> Bool {
        let isCreate = try events.kind(candidate.index) == .create
        guard let room = isCreate ? nil : try authorizationState(for: candidate, in: &events) else {
            return isCreate && (try? Authorization.checkCreate(candidate.event, version: events.version)) != nil
        }
        do throws(AuthorizationError) {
            try Authorization.checkRules(candidate.event, version: events.version, in: room)
            return true
        } catch {
            return false
        }
    }

    mutating func set(_ key: Int, to event: Int?) { state.set(key, to: event) }

    /// The event that the state has for the power levels.
    var powerLevelsEvent: Int? { state[powerLevelsKey] }

    /// What the rules look at for the event; nil if there is no create event.
    private mutating func authorizationState(
        for candidate: Candidate, in events: inout ResolutionEvents
    ) throws -> AuthorizationState? {
        let event = candidate.event
        guard let create = try state[createKey] ?? ownAuthEvent(.create, "", of: candidate, in: &events) else { return nil }
        let levels = try state[powerLevelsKey] ?? ownAuthEvent(.powerLevels, "", of: candidate, in: &events)
        let sender = try membership(candidate.senderKey, event.sender.string, for: candidate, in: &events)
        var target = sender
        if candidate.isAboutAnother, let user = event.stateKey {
            target = try membership(candidate.key, user, for: candidate, in: &events)
        }
        var joinRule: JoinRule? = .default
        if candidate.needsJoinRules, let index = try state[joinRulesKey] ?? ownAuthEvent(.joinRules, "", of: candidate, in: &events) {
            joinRule = try self.joinRule(of: index, in: &events)
        }
        let voucher = try candidate.voucher.map { try membership($0.key, $0.user, for: candidate, in: &events) }
        let invite = try candidate.invite.flatMap {
            try state[$0.key] ?? ownAuthEvent(.thirdPartyInvite, $0.token, of: candidate, in: &events)
        }
        let first = try createEvent(create, in: &events)
        return AuthorizationState(
            create: first.event, createContent: first.content, powerLevels: try powerLevels(of: levels, create: create, in: &events),
            senderMembership: sender, targetMembership: target, authorisingUserMembership: voucher ?? .leave, joinRule: joinRule,
            thirdPartyInvite: try invite.map { try events.event($0) })
    }

    private func membership(
        _ key: Int?, _ user: String, for candidate: Candidate, in events: inout ResolutionEvents
    ) throws -> Membership {
        guard let event = try state[key] ?? ownAuthEvent(.member, user, of: candidate, in: &events) else { return .leave }
        return try events.membership(event) ?? .leave
    }

    /// The event for a key among an event's own auth events, unless it was rejected.
    private func ownAuthEvent(
        _ kind: ResolutionEvents.Kind, _ stateKey: String, of candidate: Candidate, in events: inout ResolutionEvents
    ) throws -> Int? {
        guard usesOwnAuthEvents else { return nil }
        for place in try events.authEvents(of: candidate.index) {
            let index = events.authEvent(at: place)
            guard try events.kind(index) == kind else { continue }
            if !stateKey.isEmpty {
                guard let key = try events.event(index).stateKey, UTF8Bytes.equal(key, stateKey) else { continue }
            }
            if try !events.isRejected(index) { return index }
        }
        return nil
    }

    private mutating func createEvent(
        _ index: Int, in events: inout ResolutionEvents
    ) throws -> (index: Int, event: Event, content: CreateContent) {
        if let lastCreate, lastCreate.index == index { return lastCreate }
        let event = try events.event(index)
        let create = (index, event, event.createContent)
        lastCreate = create
        return create
    }

    /// The power levels that an event sets, or the defaults.
    mutating func powerLevels(of index: Int?, create: Int, in events: inout ResolutionEvents) throws -> PowerLevels {
        let source = LevelsSource(create: create, powerLevels: index)
        if let lastPowerLevels, lastPowerLevels.source == source { return lastPowerLevels.levels }
        let levels: PowerLevels
        if let known = allPowerLevels[source] {
            levels = known
        } else {
            levels = PowerLevels(try index.map { try events.event($0) }, create: try events.event(create), version: events.version)
            allPowerLevels[source] = levels
        }
        lastPowerLevels = (source, levels)
        return levels
    }

    private mutating func joinRule(of index: Int, in events: inout ResolutionEvents) throws -> JoinRule? {
        if let lastJoinRule, lastJoinRule.index == index { return lastJoinRule.rule }
        let rule = JoinRule(inForce: try events.event(index), version: events.version)
        lastJoinRule = (index, rule)
        return rule
    }
}
