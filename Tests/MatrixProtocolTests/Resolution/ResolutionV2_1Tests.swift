import CanonicalJSON
import MatrixProtocol
import Testing

/// What room version 12's algorithm is there for: states that fell behind don't reset the room, and creators stand above all levels.
struct ResolutionV2_1Tests {
    private static let alice = RoomBuilder.alice
    private static let bob = "@bob:other.org"
    private static let carol = "@carol:example.org"

    private func member(_ user: String) -> StateKey { .member(UserID(trusted: user)) }

    /// Resolution starts from an empty state: a join from when the room was open isn't judged by the rule that closed it later.
    @Test(arguments: [(RoomVersion.v11, false), (.v12, true)])
    func joinBeforeClosing(version: RoomVersion, staysJoined: Bool) throws {
        var room = try RoomBuilder(version)
        // By this member all auth chains have the first rule; otherwise it would be part of the auth difference.
        try room.join(Self.carol)
        let join = try room.join(Self.bob)
        let closing = try room.send("m.room.join_rules", "", ["join_rule": "invite"], by: Self.alice)
        let whole = try room.state(closing)
        // Somebody's state has lost the member.
        var lacking = whole
        lacking[member(Self.bob)] = nil
        let state = try room.graph.resolve([whole, lacking])
        #expect(state[member(Self.bob)] == (staysJoined ? join : nil))
        #expect(state[.joinRules] == closing)
    }

    /// The conflicted state subgraph: power levels between two others in conflict are applied too, though all states know of them, so that
    /// who got power by them has it.
    @Test(arguments: [(RoomVersion.v11, false), (.v12, true)])
    func eventsBetweenOthers(version: RoomVersion, newestStands: Bool) throws {
        var room = try RoomBuilder(version)
        func levels(_ content: JSONObject) -> JSONObject {
            var users: JSONObject = [Self.carol: 100]
            if !version.creatorsArePrivileged { users[Self.alice] = 100 }
            var content = content
            content["users"] = .object(users)
            return content
        }
        let first = try #require(try room.state(room.last)[.powerLevels])
        try room.join(Self.carol)
        try room.send("m.room.power_levels", "", levels([:]), by: Self.alice)
        // Everybody's auth chains have the levels that make carol a moderator, by this member.
        try room.join(Self.bob)
        let newest = try room.send("m.room.power_levels", "", levels(["ban": 40]), by: Self.carol)
        #expect(room.graph.rejected.isEmpty)
        let whole = try room.state(newest)
        var stale = whole
        stale[.powerLevels] = first
        #expect(try room.graph.resolve([whole, stale])[.powerLevels] == (newestStands ? newest : first))
    }

    /// Creators' events come first, whatever level others have, and whichever is the older.
    @Test func creatorsComeFirst() throws {
        let dan = "@dan:other.org"
        let erin = "@erin:example.org"
        let large: JSONValue = .integer(9_007_199_254_740_991)
        var room = try RoomBuilder(
            .v12, createContent: ["additional_creators": [.string(Self.bob)]], powerLevels: ["users": [.init(dan): large]])
        for user in [Self.bob, dan] { try room.join(user) }
        let fork = try room.join(erin)
        for creator in [Self.alice, Self.bob] {
            let ban = try room.send("m.room.member", dan, ["membership": "ban"], by: creator, after: [fork], at: 99_000)
            let otherBan = try room.send("m.room.member", erin, ["membership": "ban"], by: dan, after: [fork], at: 1)
            let state = try room.state(after: ban, otherBan)
            #expect(state[member(dan)] == ban && state[member(erin)] == fork)
        }
    }

    /// No level lets anybody act against a creator, on any side of a fork.
    @Test func creatorsStay() throws {
        let dan = "@dan:other.org"
        var room = try RoomBuilder(
            .v12, createContent: ["additional_creators": [.string(Self.bob)]], powerLevels: ["users": [.init(dan): 1_000_000]])
        try room.join(Self.bob)
        let fork = try room.join(dan)
        let ban = try room.send("m.room.member", Self.bob, ["membership": "ban"], by: dan, after: [fork])
        #expect(room.graph.rejected == [ban])
        let topic = try room.send("m.room.topic", "", ["topic": "t"], by: Self.bob, after: [fork])
        #expect(try room.state(after: ban, topic)[member(Self.bob)] == (try room.state(fork)[member(Self.bob)]))
    }
}
