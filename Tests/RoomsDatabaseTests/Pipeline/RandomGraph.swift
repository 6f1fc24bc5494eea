import CanonicalJSON
import MatrixProtocol
import TestSupport
import Testing

@testable import RoomsDatabase

/// Rooms in which everything happens at once: forks and merges, joins, kicks, bans, changes of power and of the join rule, much of it not
/// allowed, by clocks that don't agree.
struct RandomGraph {
    private static let users =
        [RemoteRoom.alice, RemoteRoom.bob, RemoteRoom.carol] + (0..<4).map { UserID(trusted: "@user\($0):s\($0 % 2).example") }

    private var random: SplitMix64
    private(set) var remote: RemoteRoom
    private var ends: [Event]

    init(_ version: RoomVersion, seed: UInt64, eventCount: Int, in rooms: TestRooms) async throws {
        random = SplitMix64(seed: seed)
        let users: JSONObject = [RemoteRoom.bob.string: 50]
        remote = try await RemoteRoom(version, powerLevels: ["users": .object(users), "state_default": 25], in: rooms)
        for user in Self.users[1..<4] { try await remote.join(user) }
        ends = [remote.last]
        for _ in 0..<eventCount { try await addEvent() }
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func user() -> UserID { Self.users[number(0...Self.users.count - 1)] }

    private mutating func previousEvents() -> [Event] {
        let events = remote.events
        switch number(0...9) {
        case 0...2: return [events[number(max(4, events.count - 10)...events.count - 1)]]
        case 3...5: return Array(ends.shuffled(using: &random).prefix(number(2...4)))
        default: return [ends[number(0...ends.count - 1)]]
        }
    }

    private mutating func addEvent() async throws {
        let previous = previousEvents()
        let sender = user()
        let (type, stateKey, content) = event(by: sender)
        let rights = number(0...9) == 0 ? remote.events[number(3...remote.events.count - 1)] : nil
        let event = try await remote.send(
            type, stateKey, content, by: sender, after: previous, rights: rights, at: Int64(number(1...200)))
        ends.removeAll { previous.contains($0) || $0.id == event.id }
        ends.append(event)
    }

    private mutating func event(by sender: UserID) -> (type: String, stateKey: String?, content: JSONObject) {
        let member = EventType.roomMember
        switch number(0...13) {
        case 0...2: return (member, sender.string, ["membership": "join", "displayname": .string("\(number(0...9))")])
        case 3: return (member, sender.string, ["membership": "leave"])
        case 4: return (member, user().string, ["membership": "leave"])
        case 5, 6: return (member, user().string, ["membership": "ban"])
        case 7: return (member, user().string, ["membership": "invite"])
        case 8, 9: return (EventType.roomPowerLevels, "", powerLevels())
        case 10: return (EventType.roomJoinRules, "", ["join_rule": number(0...1) == 0 ? "public" : "invite"])
        case 11, 12: return (EventType.roomTopic, "", ["topic": .string("\(number(0...99))")])
        default: return (EventType.roomMessage, nil, ["msgtype": "m.text", "body": .string("\(number(0...999))")])
        }
    }

    private mutating func powerLevels() -> JSONObject {
        var users: JSONObject = [:]
        for user in Self.users where user != RemoteRoom.alice && number(0...2) > 0 {
            users[user.string] = .integer([0, 25, 50, 100][number(0...3)])
        }
        if !remote.version.creatorsArePrivileged { users[RemoteRoom.alice.string] = 100 }
        return ["users": .object(users), "state_default": .integer([0, 25, 50][number(0...2)]), "invite": 0]
    }
}
