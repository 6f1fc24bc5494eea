// The algorithms of room versions 2 and 12 ("State resolution").
extension StateResolution {
    static func resolveV2(_ states: ConflictedState, version: RoomVersion, events lookup: any EventLookup) throws -> [StateEntry] {
        guard states.conflicted.contains(where: { !$0.isEmpty }) else { return states.unconflicted }
        var events = ResolutionEvents(lookup, version: version, capacity: 2 * states.conflicted.joined().count)
        let conflicted = try fullConflictedSet(of: states, in: &events)
        let startsFromNothing = version.stateResolution == .v2_1
        var checks = try AuthChecks(PartialState(over: startsFromNothing ? nil : states), usesOwnAuthEvents: true, in: &events)

        // Steps 1 and 2.
        let powerEvents = try powerEventsWithChains(in: conflicted, &events)
        let ranks = try powerEvents.members.map { try rank($0, &checks, in: &events) }
        try checks.apply(try ReverseTopologicalPowerOrder.sort(ranks, in: &events), in: &events)
        // Steps 3 and 4.
        let others = conflicted.members.filter { !powerEvents.contains($0) }
        try checks.apply(try MainlineOrder.sort(others, from: checks.powerLevelsEvent, in: &events), in: &events)
        // Step 5.
        return states.completed(by: checks.state.entries(in: events))
    }

    /// All events that are applied: those in conflict, the auth difference, and from room version 12 on the conflicted state subgraph.
    private static func fullConflictedSet(of states: ConflictedState, in events: inout ResolutionEvents) throws -> EventSet {
        var set = EventSet(count: 0)
        for entry in states.conflicted.joined() { set.insert(events.index(of: entry)) }
        let conflicted = set.members
        for index in try AuthChains.difference(of: states, in: &events) { set.insert(index) }
        if events.version.stateResolution == .v2_1 {
            for index in try AuthChains.subgraph(of: conflicted, in: &events) { set.insert(index) }
        }
        return set
    }

    /// The power events of the set, with what of the set is in their auth chains, as far as the set leads there itself.
    private static func powerEventsWithChains(in conflicted: EventSet, _ events: inout ResolutionEvents) throws -> EventSet {
        var found = EventSet(count: events.count)
        for index in conflicted.members where try events.isPowerEvent(index) { found.insert(index) }
        var rest = found.members
        while let index = rest.popLast() {
            for place in try events.authEvents(of: index) {
                let next = events.authEvent(at: place)
                if conflicted.contains(next), found.insert(next) { rest.append(next) }
            }
        }
        return found
    }

    private static func rank(
        _ index: Int, _ checks: inout AuthChecks, in events: inout ResolutionEvents
    ) throws -> ReverseTopologicalPowerOrder.Rank {
        let event = try events.event(index)
        var power = PowerLevel.level(0)
        if let create = try events.authEvent(.create, of: index) {
            let levels = try events.authEvent(.powerLevels, of: index)
            power = try checks.powerLevels(of: levels, create: create, in: &events).level(of: event.sender)
        }
        return .init(index: index, power: power, originServerTS: event.originServerTS, id: event.id)
    }
}
