import CanonicalJSON
import MatrixProtocol
import Testing

/// Forks whose outcome is known, by the algorithm of room version 1.
struct ResolutionV1Tests {
    private static let alice = RoomBuilder.alice
    private static let bob = "@bob:other.org"
    private static let carol = "@carol:example.org"
    private static let topic = StateKey.topic

    private func member(_ user: String) -> StateKey { .member(UserID(trusted: user)) }

    /// A room with alice, bob who has level 50, and carol; and its last event.
    private func room() throws -> (room: RoomBuilder, fork: EventID) {
        var room = try RoomBuilder(.v1, powerLevels: ["users": [.init(Self.bob): 50]])
        try room.join(Self.bob)
        let fork = try room.join(Self.carol)
        return (room, fork)
    }

    private func levels(_ users: JSONObject) -> JSONObject {
        var users = users
        users[Self.alice] = 100
        return ["users": .object(users)]
    }

    /// The deepest event is taken; of the same depth the one with the smallest SHA-1 of its ID. Time doesn't count.
    @Test func topicFork() throws {
        var (room, fork) = try room()
        // Their SHA-1 begin with ebe2, 725b and 7b77.
        let a = try room.send("m.room.topic", "", ["topic": "a"], by: Self.bob, after: [fork], at: 99_000, id: "$a:example.org")
        let b = try room.send("m.room.topic", "", ["topic": "b"], by: Self.bob, after: [fork], at: 1, id: "$b:example.org")
        let c = try room.send("m.room.topic", "", ["topic": "c"], by: Self.bob, after: [fork], at: 2, id: "$c:example.org")
        #expect(try room.state(after: a, b, c)[Self.topic] == b)
        #expect(try room.state(after: a, c)[Self.topic] == c)
        try room.send("m.room.message", nil, [:], by: Self.bob, after: [fork])
        let deep = try room.send("m.room.topic", "", ["topic": "deep"], by: Self.bob, at: 0, id: "$deep:example.org")
        #expect(try room.state(after: deep, a, b, c)[Self.topic] == deep)
    }

    /// A deeper topic that the resolved power levels don't allow is passed over.
    @Test func topicWithoutPower() throws {
        var (room, fork) = try room()
        let demotion = try room.send("m.room.power_levels", "", levels([Self.bob: 0]), by: Self.alice, after: [fork])
        let allowed = try room.send("m.room.topic", "", ["topic": "alice's"], by: Self.alice, after: [demotion])
        try room.send("m.room.message", nil, [:], by: Self.bob, after: [fork])
        try room.send("m.room.message", nil, [:], by: Self.bob)
        let deeper = try room.send("m.room.topic", "", ["topic": "bob's"], by: Self.bob)
        let state = try room.state(after: allowed, deeper)
        // The old power levels are in conflict with the demotion, which they allow.
        #expect(state[.powerLevels] == demotion)
        #expect(state[Self.topic] == allowed)
    }

    /// A ban holds whether it is the deeper one (allowed after the join) or not (the join isn't allowed after it).
    @Test(arguments: [(false, false), (true, false), (false, true)])
    func banAgainstJoin(banIsDeeper: Bool, joinIsDeeper: Bool) throws {
        var (room, fork) = try room()
        let deep = try room.send("m.room.message", nil, [:], by: Self.alice, after: [fork])
        let ban = try room.send(
            "m.room.member", Self.bob, ["membership": "ban"], by: Self.alice, after: [banIsDeeper ? deep : fork])
        let rename = try room.send(
            "m.room.member", Self.bob, ["membership": "join", "displayname": "B"], by: Self.bob, after: [joinIsDeeper ? deep : fork])
        #expect(try room.state(after: ban, rename)[member(Self.bob)] == ban)
    }

    /// The shallower power levels are taken as they are, the deeper ones if these allow them.
    @Test func powerLevelRace() throws {
        var (room, fork) = try room()
        let demotion = try room.send("m.room.power_levels", "", levels([Self.bob: 0]), by: Self.alice, after: [fork])
        try room.send("m.room.message", nil, [:], by: Self.bob, after: [fork])
        let deeper = try room.send("m.room.power_levels", "", levels([Self.bob: 50, Self.carol: 50]), by: Self.bob)
        #expect(try room.state(after: demotion, deeper)[.powerLevels] == demotion)

        let shallow = try room.send("m.room.power_levels", "", levels([Self.bob: 50, Self.carol: 40]), by: Self.bob, after: [fork])
        try room.send("m.room.message", nil, [:], by: Self.alice, after: [fork])
        let alices = try room.send("m.room.power_levels", "", levels([Self.bob: 0]), by: Self.alice)
        #expect(try room.state(after: shallow, alices)[.powerLevels] == alices)
    }

    /// What one state lacks is no conflict: who joined on one side is in, though the other has closed the room.
    @Test func whatOneStateLacks() throws {
        var (room, fork) = try room()
        let closing = try room.send("m.room.join_rules", "", ["join_rule": "invite"], by: Self.alice, after: [fork])
        let join = try room.join("@dan:example.org", after: [fork])
        let state = try room.state(after: closing, join)
        #expect(state[.joinRules] == closing && state[member("@dan:example.org")] == join)
    }

    /// Join rules are resolved before memberships, so that these are checked by the outcome.
    @Test func joinRulesBeforeMembers() throws {
        var (room, fork) = try room()
        let dan = "@dan:example.org"
        try room.send("m.room.join_rules", "", ["join_rule": "invite"], by: Self.alice, after: [fork])
        let invite = try room.send("m.room.member", dan, ["membership": "invite"], by: Self.alice)
        try room.send("m.room.message", nil, [:], by: Self.alice, after: [fork])
        let join = try room.join(dan)
        // The invitation is the shallower: taken as it is, it lets the join pass after it.
        #expect(try room.state(after: invite, join)[member(dan)] == join)
    }
}
