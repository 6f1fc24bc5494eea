import CanonicalJSON
import MatrixProtocol
import Testing

/// Forks whose outcome is known, by the algorithm of room versions 2 to 11; where room version 12 gives the same, by that too.
struct ResolutionV2Tests {
    private static let versions: [RoomVersion] = [.v2, .v6, .v10, .v12]
    private static let alice = RoomBuilder.alice
    private static let bob = "@bob:other.org"
    private static let carol = "@carol:example.org"
    private static let topic = StateKey.topic

    private func member(_ user: String) -> StateKey { .member(UserID(trusted: user)) }

    /// A room with alice, bob who has level 50, and carol; and its last event.
    private func room(_ version: RoomVersion) throws -> (room: RoomBuilder, fork: EventID) {
        var room = try RoomBuilder(version, powerLevels: ["users": [.init(Self.bob): 50]])
        try room.join(Self.bob)
        let fork = try room.join(Self.carol)
        return (room, fork)
    }

    private func levels(_ room: RoomBuilder, _ users: JSONObject) -> JSONObject {
        var users = users
        if !room.version.creatorsArePrivileged { users[Self.alice] = 100 }
        return ["users": .object(users)]
    }

    @Test(arguments: versions) func whatAllAgreeOn(version: RoomVersion) throws {
        let (room, fork) = try room(version)
        let state = try room.state(fork)
        #expect(try room.graph.resolve([state, state, state]) == state)
        #expect(try room.graph.resolve([state]) == state)
        #expect(try room.graph.resolve([]) == [:])
    }

    /// A ban holds against whatever the banned user did meanwhile, however late.
    @Test(arguments: versions, [Int64(1), 1_000_000]) func banAgainstJoin(version: RoomVersion, time: Int64) throws {
        var (room, fork) = try room(version)
        let ban = try room.send("m.room.member", Self.bob, ["membership": "ban"], by: Self.alice, after: [fork])
        let rename = try room.send(
            "m.room.member", Self.bob, ["membership": "join", "displayname": "B"], by: Self.bob, after: [fork], at: time)
        let state = try room.state(after: ban, rename)
        #expect(state[member(Self.bob)] == ban)
        #expect(state.count == (try room.state(fork)).count)
    }

    /// What a banned moderator did meanwhile is undone, and so is what rests on it.
    @Test(arguments: versions) func banUndoesWhatDependsOnIt(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let ban = try room.send("m.room.member", Self.bob, ["membership": "ban"], by: Self.alice, after: [fork])
        try room.send("m.room.topic", "", ["topic": "Bob's"], by: Self.bob, after: [fork])
        let kick = try room.send("m.room.member", Self.carol, ["membership": "leave"], by: Self.bob)
        let state = try room.state(after: ban, kick)
        #expect(state[Self.topic] == nil)
        #expect(state[member(Self.carol)] == (try room.state(fork)[member(Self.carol)]))
    }

    /// Who has more power comes first, and what the other then lacks the right to is dropped; time doesn't help.
    @Test(arguments: versions, [Int64(1), 1_000_000]) func powerLevelRace(version: RoomVersion, time: Int64) throws {
        var (room, fork) = try room(version)
        let demotion = try room.send("m.room.power_levels", "", levels(room, [Self.bob: 0]), by: Self.alice, after: [fork])
        let promotion = try room.send(
            "m.room.power_levels", "", levels(room, [Self.bob: 50, Self.carol: 50]), by: Self.bob, after: [fork], at: time)
        #expect(!room.graph.rejected.contains(promotion))
        #expect(try room.state(after: demotion, promotion)[.powerLevels] == demotion)
    }

    /// Of two changes by equal power the younger is applied last.
    @Test(arguments: versions) func powerLevelsOfEquals(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let late = try room.send("m.room.power_levels", "", levels(room, [Self.bob: 10]), by: Self.alice, after: [fork], at: 90_000)
        let early = try room.send("m.room.power_levels", "", levels(room, [Self.bob: 20]), by: Self.alice, after: [fork], at: 80_000)
        #expect(try room.state(after: late, early)[.powerLevels] == late)
    }

    @Test(arguments: versions) func topicFork(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let late = try room.send("m.room.topic", "", ["topic": "late"], by: Self.bob, after: [fork], at: 90_000)
        let early = try room.send("m.room.topic", "", ["topic": "early"], by: Self.alice, after: [fork], at: 80_000)
        let same = try room.send("m.room.topic", "", ["topic": "same"], by: Self.alice, after: [fork], at: 90_000)
        #expect(try room.state(after: late, early)[Self.topic] == late)
        // Of the same moment: the larger ID.
        #expect(try room.state(after: late, same)[Self.topic] == max(late, same))
        #expect(try room.state(after: early, late, same)[Self.topic] == max(late, same))
    }

    /// Rights from newer power levels count more than time.
    @Test(arguments: versions) func mainlineOrder(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        try room.send("m.room.power_levels", "", levels(room, [Self.bob: 51]), by: Self.alice, after: [fork])
        try room.send("m.room.power_levels", "", levels(room, [Self.bob: 52]), by: Self.alice)
        let newest = try room.send("m.room.topic", "", ["topic": "newest rights"], by: Self.bob, at: 5)
        let oldest = try room.send("m.room.topic", "", ["topic": "oldest rights"], by: Self.bob, after: [fork], at: 99_000)
        #expect(try room.state(after: newest, oldest)[Self.topic] == newest)
    }

    /// A power levels event off the line has the position of the first one on it.
    @Test(arguments: versions) func mainlineOfAnotherBranch(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        // Two branches of power levels; alice's later one wins, so the other is off the line.
        let winner = try room.send("m.room.power_levels", "", levels(room, [Self.bob: 51]), by: Self.alice, after: [fork], at: 70_000)
        let onLine = try room.send("m.room.topic", "", ["topic": "on the line"], by: Self.bob, at: 1)
        try room.send("m.room.power_levels", "", levels(room, [Self.bob: 52]), by: Self.alice, after: [fork], at: 60_000)
        let offLine = try room.send("m.room.topic", "", ["topic": "off the line"], by: Self.bob, at: 99_000)
        let state = try room.state(after: onLine, offLine)
        #expect(state[.powerLevels] == winner && state[Self.topic] == onLine)
    }

    /// Closing the room comes before a join of the same time: join rules are power events.
    @Test(arguments: versions) func joinRulesAgainstJoin(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let closing = try room.send("m.room.join_rules", "", ["join_rule": "invite"], by: Self.alice, after: [fork])
        let join = try room.join("@dan:example.org", after: [fork])
        let state = try room.state(after: closing, join)
        #expect(state[.joinRules] == closing && state[member("@dan:example.org")] == nil)
        // Who was in before stays.
        #expect(state[member(Self.carol)] == (try room.state(fork)[member(Self.carol)]))
    }

    /// Who leaves by themselves removes nobody's ability: that is no power event, and time decides.
    @Test(arguments: versions) func ownLeave(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let leave = try room.send("m.room.member", Self.carol, ["membership": "leave"], by: Self.carol, after: [fork], at: 90_000)
        let rename = try room.send(
            "m.room.member", Self.carol, ["membership": "join", "displayname": "C"], by: Self.carol, after: [fork], at: 80_000)
        #expect(try room.state(after: leave, rename)[member(Self.carol)] == leave)
    }

    /// Rights come from an event's own auth events where the state has none, but not from rejected ones.
    @Test func rejectedAuthEvents() throws {
        var (room, fork) = try room(.v12)
        let bobs = try room.send("m.room.topic", "", ["topic": "late"], by: Self.bob, after: [fork], at: 90_000)
        let alices = try room.send("m.room.topic", "", ["topic": "early"], by: Self.alice, after: [fork], at: 80_000)
        let levels = try #require(try room.state(fork)[.powerLevels])
        func resolve(_ lookup: GraphLookup) throws -> EventID? {
            let states = try [bobs, alices].map { try lookup.entries(of: room.state($0)) }
            return try lookup.state(of: StateResolution.resolve(states, version: .v12, events: lookup))[Self.topic]
        }
        var lookup = GraphLookup(room.graph, salt: 0)
        #expect(try resolve(lookup) == bobs)
        lookup.alsoRejected = [levels]
        #expect(try resolve(lookup) == alices)
    }

    @Test(arguments: [RoomVersion.v1, .v2, .v12]) func missingEvents(version: RoomVersion) throws {
        var (room, fork) = try room(version)
        let one = try room.send("m.room.topic", "", ["topic": "1"], by: Self.bob, after: [fork])
        let other = try room.send("m.room.topic", "", ["topic": "2"], by: Self.bob, after: [fork])
        let levels = try #require(try room.state(fork)[.powerLevels])
        for missing in [one, levels] {
            var lookup = GraphLookup(room.graph, salt: 0)
            let states = try [one, other].map { try lookup.entries(of: room.state($0)) }
            lookup.remove(missing)
            #expect(throws: StateResolutionError.missingEvent(try lookup.number(of: missing))) {
                try StateResolution.resolve(states, version: version, events: lookup)
            }
        }
    }

    @Test func notStateEvents() throws {
        var (room, fork) = try room(.v10)
        let message = try room.send("m.room.message", nil, [:], by: Self.bob, after: [fork])
        let topic = try room.send("m.room.topic", "", ["topic": "2"], by: Self.bob, after: [fork])
        let lookup = GraphLookup(room.graph, salt: 0)
        let key = try #require(lookup.number(of: Self.topic))
        let states = try [message, topic].map { [StateEntry(key: key, event: try lookup.number(of: $0))] }
        #expect(throws: StateResolutionError.notAStateEvent(message)) {
            try StateResolution.resolve(states, version: .v10, events: lookup)
        }
    }
}
