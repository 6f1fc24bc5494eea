import Crypto

// The algorithm of room version 1 ("State resolution").
extension StateResolution {
    static func resolveV1(_ states: ConflictedState, version: RoomVersion, events lookup: any EventLookup) throws -> [StateEntry] {
        var events = ResolutionEvents(lookup, version: version, capacity: 2 * states.conflicted.joined().count)
        var checks = try AuthChecks(PartialState(over: states), usesOwnAuthEvents: false, in: &events)
        var phases: [[[AuthChecks.Candidate]]] = [[], [], [], []]
        for group in try conflictedGroups(of: states, &checks, in: &events) {
            phases[try events.phase(of: group[0].index)].append(group)
        }
        for (phase, groups) in phases.enumerated() {
            // The conflicts of a phase don't see each other's outcomes, so their order makes no difference.
            let chosen = try groups.map { group in
                phase < ResolutionEvents.lastPhase
                    ? try lastAllowed(of: group, &checks, in: &events) : try newestAllowed(of: group, &checks, in: &events)
            }
            for candidate in chosen { checks.set(candidate.key, to: candidate.index) }
        }
        return states.completed(by: checks.state.entries(in: events))
    }

    /// The events in conflict, key by key, by ascending depth and then descending SHA-1 of the ID.
    private static func conflictedGroups(
        of states: ConflictedState, _ checks: inout AuthChecks, in events: inout ResolutionEvents
    ) throws -> [[AuthChecks.Candidate]] {
        var groups: [StateKeyNumber: Set<Int>] = [:]
        for entry in states.conflicted.joined() { groups[entry.key, default: []].insert(events.index(of: entry)) }
        return try groups.values.map { group in
            var ranked: [Ranked] = []
            for index in group { ranked.append(Ranked(try checks.candidate(index, in: &events))) }
            return ranked.sorted { $0 < $1 }.map(\.candidate)
        }
    }

    /// An event in conflict with its place among those for its key.
    private struct Ranked {
        let candidate: AuthChecks.Candidate
        private let hash: [UInt8]

        init(_ candidate: AuthChecks.Candidate) {
            self.candidate = candidate
            hash = Array(Insecure.SHA1.hash(data: Array(candidate.event.id.string.utf8)))
        }

        static func < (a: Ranked, b: Ranked) -> Bool {
            let (depthA, depthB) = (a.candidate.event.depth, b.candidate.event.depth)
            return depthA == depthB ? b.hash.lexicographicallyPrecedes(a.hash) : depthA < depthB
        }
    }

    /// The last event of those that each are allowed after the one before.
    private static func lastAllowed(
        of group: [AuthChecks.Candidate], _ checks: inout AuthChecks, in events: inout ResolutionEvents
    ) throws -> AuthChecks.Candidate {
        var chosen = group[0]
        defer { checks.set(chosen.key, to: nil) }
        for candidate in group.dropFirst() {
            checks.set(chosen.key, to: chosen.index)
            guard try checks.allows(candidate, in: &events) else { break }
            chosen = candidate
        }
        return chosen
    }

    /// The last event of those that are allowed, or the first of all if none is.
    private static func newestAllowed(
        of group: [AuthChecks.Candidate], _ checks: inout AuthChecks, in events: inout ResolutionEvents
    ) throws -> AuthChecks.Candidate {
        for candidate in group.reversed() where try checks.allows(candidate, in: &events) { return candidate }
        return group[0]
    }
}

extension ResolutionEvents {
    /// The phase in which all conflicts are resolved that no authorization rests on.
    fileprivate static let lastPhase = 3

    /// The phase in which a conflict over this event is resolved: power levels, join rules, memberships, everything else.
    fileprivate mutating func phase(of index: Int) throws -> Int {
        switch try event(index).type {
        case EventType.roomPowerLevels where try kind(index) == .powerLevels: 0
        case EventType.roomJoinRules: 1
        case EventType.roomMember: 2
        default: Self.lastPhase
        }
    }
}
