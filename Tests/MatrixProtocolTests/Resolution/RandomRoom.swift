import CanonicalJSON
import MatrixProtocol
import TestSupport

/// Rooms in which everything happens at once: forks and merges, joins, kicks, bans, invites, changes of power and of the join rule, topics,
/// much of it not allowed, by clocks that don't agree.
struct RandomRoom {
    private static let users = (0..<6).map { "@user\($0):s\($0 % 3).org" } + [RoomBuilder.alice]

    private var random: SplitMix64
    private var room: RoomBuilder

    static func make(_ version: RoomVersion, seed: UInt64, eventCount: Int) throws -> RoomGraph {
        var maker = try RandomRoom(version, seed: seed)
        for _ in 0..<eventCount { try maker.addEvent() }
        return maker.room.graph
    }

    private init(_ version: RoomVersion, seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        room = try RoomBuilder(
            version, powerLevels: ["users": [.init(Self.users[0]): 100, .init(Self.users[1]): 50], "state_default": 25, "invite": 0])
        for user in Self.users.prefix(4) { try room.join(user) }
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func user() -> String { Self.users[number(0...Self.users.count - 1)] }

    private mutating func previousEvents() -> [EventID] {
        let order = room.graph.order
        // A recent event, to fork; the newest one; or several ends at once, to merge.
        switch number(0...9) {
        case 0...2: return [order[number(max(4, order.count - 10)...order.count - 1)]]
        case 3...5: return Array(room.graph.extremities.sorted().shuffled(using: &random).prefix(number(2...4)))
        default: return [room.graph.extremities.sorted()[number(0...room.graph.extremities.count - 1)]]
        }
    }

    private mutating func addEvent() throws {
        let previous = previousEvents()
        let sender = user()
        let (type, stateKey, content) = event(by: sender)
        // Sometimes the rights are those of another moment.
        let elsewhere = room.graph.order[number(0...room.graph.order.count - 1)]
        let rights = number(0...9) == 0 ? room.graph.stateAfter[elsewhere] : nil
        try room.send(type, stateKey, content, by: sender, after: previous, rights: rights, at: Int64(number(1...200)))
    }

    private mutating func event(by sender: String) -> (type: String, stateKey: String?, content: JSONObject) {
        switch number(0...15) {
        case 0...3: return ("m.room.member", sender, ["membership": "join", "displayname": .string("\(number(0...9))")])
        case 4: return ("m.room.member", sender, ["membership": "leave"])
        case 5: return ("m.room.member", user(), ["membership": "leave"])
        case 6, 7: return ("m.room.member", user(), ["membership": "ban"])
        case 8: return ("m.room.member", user(), ["membership": "invite"])
        case 9, 10: return ("m.room.power_levels", "", powerLevels(by: sender))
        case 11: return ("m.room.join_rules", "", ["join_rule": number(0...1) == 0 ? "public" : "invite"])
        case 12: return ("org.example.state", "\(number(0...2))", ["value": .integer(Int64(number(0...99)))])
        case 13, 14: return ("m.room.topic", "", ["topic": .string("\(number(0...99))")])
        default: return ("m.room.message", nil, ["body": "hello"])
        }
    }

    private mutating func powerLevels(by sender: String) -> JSONObject {
        var users: JSONObject = [:]
        for user in Self.users where user != RoomBuilder.alice && number(0...2) > 0 {
            users[user] = .integer([0, 25, 50, 100][number(0...3)])
        }
        if !room.version.creatorsArePrivileged { users[RoomBuilder.alice] = 100 }
        return ["users": .object(users), "state_default": .integer([0, 25, 50][number(0...2)]), "invite": 0]
    }
}
