import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TestSupport
import Testing

@testable import Homeserver

/// People talk, set state, come to rooms and go, while a client looks now at these rooms and now at those, wants more or less of them, and loses
/// answers: what it has put together from the answers is what there is.
@Suite struct SlidingSyncPropertyTests {
    /// What the client knows of a room.
    private struct KnownRoom {
        /// The IDs of the newest events, without a gap.
        var timeline: [String] = []
        /// Those who sent them.
        var senders: Set<String> = []
        /// The IDs of the state events.
        var state: [StateKey: String] = [:]
        var bumpStamp: Int64?

        mutating func take(_ room: JSONValue) {
            if room["initial"] == true { self = KnownRoom() }
            let events = room["timeline"]?.arrayValue ?? []
            if room["limited"] == true || room["unstable_expanded_timeline"] == true { (timeline, senders) = ([], []) }
            timeline += events.compactMap { $0["event_id"]?.stringValue }
            senders.formUnion(events.compactMap { $0["sender"]?.stringValue })
            for event in room["required_state"]?.arrayValue ?? [] {
                state[StateKey(event["type"]?.stringValue ?? "", event["state_key"]?.stringValue ?? "")] = event["event_id"]?.stringValue
            }
            if let stamp = room["bump_stamp"]?.integerValue { bumpStamp = stamp }
        }
    }

    private static let stepCount = 250
    private static let types = ["m.room.topic", "m.room.name", "org.example.a", "org.example.b"]
    private static let wishes: [[(type: String, key: String)]] = [
        [], [("m.room.topic", "")], [("m.room.topic", ""), ("m.room.name", ""), ("org.example.a", "*")], [("org.example.b", "x")],
        [("*", "x")], [("org.example.a", "x"), ("org.example.b", "*")],
    ]
    private static let lazy = (type: "m.room.member", key: "$LAZY")

    private static func act(_ rooms: [RoomID], _ step: Int, _ server: SyncServer, _ generator: inout SplitMix64) async throws {
        let people = [server.alice, server.bob, server.carol]
        let person = try #require(people.randomElement(using: &generator))
        let room = try #require(rooms.randomElement(using: &generator))
        let api = server.homeserver.rooms
        do {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<9: try await server.say("\(step)", in: room, by: person)
            case 9..<13:
                let key = StateKey(try #require(types.randomElement(using: &generator)), Bool.random(using: &generator) ? "" : "x")
                _ = try await api.setState(key, ["step": .integer(Int64(step))], in: room, by: server.alice)
            case 13..<16: try await api.join(room, content: [:], by: person)
            case 16..<18 where person.userID != server.alice.userID: try await api.leave(room, reason: nil, by: person)
            case 18: try await api.kick(server.bob.userID, from: room, reason: nil, by: server.alice)
            default: try await api.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            }
        } catch is MatrixError {
            // Not everybody may do everything at any time.
        }
    }

    private static func request(_ rooms: [RoomID], of client: SlidingClient, _ generator: inout SplitMix64) throws -> SlidingSyncRequest {
        let state = try #require(wishes.randomElement(using: &generator)) + [lazy]
        let ranges: [ClosedRange<Int>] = Bool.random(using: &generator) ? [0...Int.random(in: 0..<4, using: &generator)] : []
        let subscribed = rooms.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
        return client.request(ranges, limit: Int.random(in: 1..<6, using: &generator), state: state, subscribed: subscribed)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func whatAClientPutsTogetherIsWhatThereIs(_ seed: UInt64) async throws {
        try await SyncServer.run { server in
            var generator = SplitMix64(seed: seed)
            var rooms: [RoomID] = []
            for _ in 0..<4 { rooms.append(try await server.room(.publicChat, with: server.bob)) }
            var client = SlidingClient(server)
            var known: [RoomID: KnownRoom] = [:]
            for step in 0..<Self.stepCount {
                guard Int.random(in: 0..<3, using: &generator) == 0 else {
                    try await Self.act(rooms, step, server, &generator)
                    continue
                }
                let request = try Self.request(rooms, of: client, &generator)
                if Int.random(in: 0..<5, using: &generator) == 0 {
                    if client.position != nil { _ = try await client.ask(request) }
                    continue
                }
                let answer = try await client.sync(request)
                for room in rooms {
                    if let told = answer.room(room) { known[room, default: KnownRoom()].take(told) }
                }
                guard step % 10 == 0 else { continue }
                let all = try await client.sync(
                    client.request([0...99], limit: 5, state: Self.types.map { (type: $0, key: "*") } + [Self.lazy]))
                for room in rooms {
                    if let told = all.room(room) { known[room, default: KnownRoom()].take(told) }
                    try check(known[room], room, server, "seed \(seed), step \(step)")
                }
            }
        }
    }

    /// Compares what the client knows of a room that it is in with the room.
    private func check(_ known: KnownRoom?, _ id: RoomID, _ server: SyncServer, _ comment: Comment) throws {
        let view = server.homeserver.rooms.database.view()
        let room = try #require(try view.shortID(of: id))
        guard case .joined = try view.standing(of: server.bob.userID, in: room) else { return }
        let known = try #require(known, comment)
        var timeline = try view.timeline(of: room, .min ... .max, .forward)
        let events = try timeline.collect()
        #expect(known.timeline == events.suffix(known.timeline.count).map(\.value.id.string), comment)
        #expect(known.timeline.count >= 5, comment)
        for type in Self.types {
            for key in ["", "x"] {
                let current = try view.currentEvent(StateKey(type, key), in: room)
                #expect(known.state[StateKey(type, key)] == current?.id.string, comment)
            }
        }
        for sender in known.senders {
            let current = try view.currentEvent(StateKey("m.room.member", sender), in: room)
            #expect(known.state[StateKey("m.room.member", sender)] == current?.id.string, comment)
        }
        let messages = try events.filter { try JSONValue(parsing: $0.value.json)["type"] == "m.room.message" }
        if let newest = messages.last { #expect(known.bumpStamp == newest.key.position.value, comment) }
    }
}
