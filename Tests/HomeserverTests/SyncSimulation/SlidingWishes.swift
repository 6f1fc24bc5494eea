import Homeserver
import MatrixProtocol

@testable import Homeserver

/// What a simulated client of simplified sliding sync looks at, which it changes as it goes.
struct SlidingWishes: Sendable {
    /// How many rooms its window has; 0 for no list.
    var window = 0
    var limit = 1
    var state: [(type: String, key: String)] = []
    var subscribed: [RoomID] = []

    private static let lazy = (type: "m.room.member", key: "$LAZY")
    private static let stateChoices: [[(type: String, key: String)]] = [
        [lazy], [("m.room.topic", ""), lazy], [("m.room.topic", ""), ("m.room.name", ""), ("org.example.a", "*"), lazy],
        [("org.example.b", "x"), ("m.room.member", "$ME")], [("*", "x")], [("org.example.a", "x"), ("org.example.b", "*"), lazy],
        [("m.room.member", "*")], [("*", "*")],
    ]

    /// What shows everything there is.
    static let everything = SlidingWishes(window: 100, limit: 5, state: [("*", "*"), lazy])

    init(window: Int = 0, limit: Int = 1, state: [(type: String, key: String)] = []) {
        (self.window, self.limit, self.state) = (window, limit, state)
    }

    /// Wants something else here and there.
    mutating func change(_ world: SimulatedWorld) {
        if world.isOnce(in: 3) { window = world.choice(5) }
        if world.isOnce(in: 3) { limit = 1 + world.choice(6) }
        if world.isOnce(in: 4) { state = world.one(of: Self.stateChoices) }
        if world.isOnce(in: 3) { subscribed = world.roomIDs.filter { _ in world.isOnce(in: 4) } }
    }

    func request(of user: UserID) -> SlidingSyncRequest {
        let wishes = RoomWishes(timelineLimit: limit, requiredState: RequiredState(state, for: user))
        var request = SlidingSyncRequest()
        if window > 0 { request.lists = ["all": RoomList(ranges: [0...window - 1], wishes: wishes)] }
        for room in subscribed { request.subscriptions[room] = wishes }
        return request
    }

    /// Whether the client is told what the state has for a key, whatever the timeline.
    func wants(_ key: StateKey, of user: UserID) -> Bool {
        state.contains { wish in
            (wish.type == "*" || wish.type == key.type)
                && (wish.key == "*" || wish.key == key.key || wish.key == "$ME" && key.key == user.string)
        }
    }

    var lazyLoadsMembers: Bool { state.contains { $0 == Self.lazy } }
}
