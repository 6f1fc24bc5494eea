/// The authorization of events in conflict against the state that is being built.
///
/// What the rules read is found by index: the keys that an event needs are looked up once, power levels and join rules are decoded once for each
/// event that sets them.
struct AuthChecks {
    /// The state so far.
    private(set) var state: PartialState
    private var powerLevels: [LevelsSource: PowerLevels] = [:]
    private var joinRules: [Int: JoinRule?] = [:]
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

    /// An event with the indices of the keys that concern it.
    struct Candidate {
        let index: Int
        let event: Event
        /// The key that the event sets.
        let key: Int
        let required: RequiredState
        let senderKey: Int?
        let targetKey: Int?
        let authorisingUserKey: Int?
        let thirdPartyInviteKey: Int?
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
        guard let key = event.key else { throw StateResolutionError.notAStateEvent(event.id) }
        guard let ownKey = try state.index(of: key, in: &events) else { throw StateResolutionError.unnumberedStateKey(key) }
        let required = RequiredState(event, version: events.version)
        func keyIndex(_ key: StateKey?) throws -> Int? { try key.flatMap { try state.index(of: $0, in: &events) } }
        let isOwnMembership = key == required.sender
        return Candidate(
            index: index, event: event, key: ownKey, required: required,
            senderKey: isOwnMembership ? ownKey : try keyIndex(required.sender),
            targetKey: required.target == nil ? nil : ownKey,
            authorisingUserKey: try keyIndex(required.authorisingUser), thirdPartyInviteKey: try keyIndex(required.thirdPartyInvite))
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
        do throws(AuthorizationError) {
            if candidate.event.type == EventType.roomCreate {
                try Authorization.checkCreate(candidate.event, version: events.version)
                return true
            }
        } catch {
            return false
        }
        guard let room = try authorizationState(for: candidate, in: &events) else { return false }
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
        let required = candidate.required
        guard let create = try state[createKey] ?? ownAuthEvent(.create, "", of: candidate, in: &events) else { return nil }
        let levels = try state[powerLevelsKey] ?? ownAuthEvent(.powerLevels, "", of: candidate, in: &events)
        let sender = try membership(candidate.senderKey, required.sender, for: candidate, in: &events)
        var joinRule: JoinRule? = .default
        if required.needsJoinRules {
            let event = try state[joinRulesKey] ?? ownAuthEvent(.joinRules, "", of: candidate, in: &events)
            joinRule = try event.map { try self.joinRule(of: $0, in: &events) } ?? .default
        }
        var invite: Int?
        if let key = required.thirdPartyInvite {
            invite =
                try state[candidate.thirdPartyInviteKey] ?? ownAuthEvent(.thirdPartyInvite, key.key, of: candidate, in: &events)
        }
        return AuthorizationState(
            create: try events.event(create), powerLevels: try powerLevels(of: levels, create: create, in: &events),
            senderMembership: sender,
            targetMembership: required.target == nil
                ? sender : try membership(candidate.targetKey, required.target, for: candidate, in: &events),
            authorisingUserMembership: try membership(candidate.authorisingUserKey, required.authorisingUser, for: candidate, in: &events),
            joinRule: joinRule, thirdPartyInvite: try invite.map { try events.event($0) })
    }

    private func membership(
        _ index: Int?, _ key: StateKey?, for candidate: Candidate, in events: inout ResolutionEvents
    ) throws -> Membership {
        guard let key, let event = try state[index] ?? ownAuthEvent(.member, key.key, of: candidate, in: &events) else { return .leave }
        return try events.event(event).membership ?? .leave
    }

    /// The event for a key among an event's own auth events, unless it was rejected.
    private func ownAuthEvent(
        _ kind: ResolutionEvents.Kind, _ stateKey: String, of candidate: Candidate, in events: inout ResolutionEvents
    ) throws -> Int? {
        guard usesOwnAuthEvents else { return nil }
        for place in try events.authEvents(of: candidate.index) {
            let index = events.authEvent(at: place)
            guard try events.kind(index) == kind, let key = try events.event(index).stateKey, UTF8Bytes.equal(key, stateKey),
                try !events.isRejected(index)
            else { continue }
            return index
        }
        return nil
    }

    /// The power levels that an event sets, or the defaults.
    mutating func powerLevels(of index: Int?, create: Int, in events: inout ResolutionEvents) throws -> PowerLevels {
        let source = LevelsSource(create: create, powerLevels: index)
        if let known = powerLevels[source] { return known }
        let levels = PowerLevels(
            try index.map { try events.event($0) }, create: try events.event(create), version: events.version)
        powerLevels[source] = levels
        return levels
    }

    private mutating func joinRule(of index: Int, in events: inout ResolutionEvents) throws -> JoinRule? {
        if let known = joinRules[index] { return known }
        let rule = JoinRule(inForce: try events.event(index), version: events.version)
        joinRules[index] = .some(rule)
        return rule
    }
}
