import CanonicalJSON
import TestSupport
import Testing

/// Clients who work in one room, somebody who follows it by sync, and the check that nothing which they were told is lost or doubled.
///
/// ```swift
/// let load = try await Load(on: server, clientCount: 4, seed: seed)
/// await load.work(until: { isOver })       // or until the server is gone
/// try await load.goOn(with: server.restart())
/// ```
final class Load: Sendable {
    let clients: [LoadClient]
    let follower: RoomFollower
    /// The room in which all work.
    let room: String
    private let founder: MatrixTestClient
    private let firstToken: String

    /// Registers the clients and has them join a room.
    init(on server: ServerProcess, clientCount: Int = 4, paddingBytes: Int = 100, seed: UInt64) async throws {
        founder = try await server.newUser("founder")
        room = try await founder.createRoom(["preset": "public_chat", "power_level_content_override": ["state_default": 0]])
        var clients: [LoadClient] = []
        for number in 0..<clientCount {
            let client = try await server.newUser("client")
            try await client.join(room)
            clients.append(LoadClient(client, in: room, to: founder, number: number, paddingBytes: paddingBytes, seed: seed))
        }
        self.clients = clients
        firstToken = try await founder.sync().nextBatch
        follower = RoomFollower(founder, of: room, since: firstToken)
    }

    /// Has all work until the server is gone, or `isOver` is true.
    func work(pause: Duration = .zero, until isOver: @escaping @Sendable () -> Bool = { false }) async {
        await withTaskGroup(of: Void.self) { group in
            for client in clients { group.addTask { await client.work(pause: pause, until: isOver) } }
            group.addTask { [follower] in await follower.follow(until: isOver) }
        }
    }

    /// Goes on with a server that must have everything: checks that, and repeats what was not answered.
    func goOn(with server: ServerProcess) async throws {
        await follower.move(to: server)
        let knownCount = await follower.events.count
        for client in clients {
            await client.move(to: server)
            try await client.check()
            await client.repeatUnanswered()
        }
        try await follower.catchUp()
        let events = await follower.events
        let known = knownCount > 0 ? events[knownCount - 1].id : nil
        if let known {
            #expect(try await follower.history(after: known) == Array(events[knownCount...]), "sync and history differ after \(known)")
        }
        await checkAcknowledged(in: events)
        await checkDeviceMessages()
    }

    /// Checks that the follower's device got each acknowledged message, and none twice.
    private func checkDeviceMessages() async {
        let messages = await follower.deviceMessages
        let counts = Dictionary(messages.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts.allSatisfy { $0.value == 1 }, "sent to a device once and told more often: \(counts.filter { $0.value > 1 })")
        for client in clients {
            let lost = await client.acknowledgedToDevice.filter { counts[$0] == nil }
            #expect(lost.isEmpty, "acknowledged to client \(client.name) and never told to the device: \(lost.prefix(5))")
        }
    }

    /// Checks that each acknowledged event is there once, and that each text is: a repeated message has made no second event.
    private func checkAcknowledged(in events: [RoomFollower.Event]) async {
        let texts = Dictionary(events.map { ($0.id, [$0.text]) }, uniquingKeysWith: +)
        let twice = Dictionary(events.filter { !$0.text.isEmpty }.map { ($0.text, 1) }, uniquingKeysWith: +).filter { $0.value > 1 }
        #expect(twice.isEmpty, "sent once and there more often: \(twice)")
        for client in clients {
            let acknowledged = await client.acknowledged
            let wrong = acknowledged.filter { texts[$0.event] != [$0.text] }
            #expect(wrong.isEmpty, "acknowledged to client \(client.name) and not there once: \(wrong.prefix(5)), \(wrong.count) in all")
        }
    }

    /// Checks the whole history against what the follower was told, and that tokens of long ago still lead through all that came after them.
    func finish(on server: ServerProcess, oldTokens: [OldToken]) async throws {
        let events = await follower.events
        let history = try await follower.history()
        #expect(Array(history.suffix(events.count)) == events, "sync and the whole history differ")
        for old in oldTokens {
            let late = RoomFollower(founder.on(server), of: room, since: old.token)
            try await late.catchUp()
            #expect(await late.events == Array(events.dropFirst(old.eventCount)), "from an old token, after \(old.eventCount) events")
        }
    }

    /// A token that the follower once had, and how many events had come until then.
    struct OldToken: Sendable {
        let token: String
        let eventCount: Int
    }

    /// The follower's token of now.
    var currentToken: OldToken {
        get async { await follower.place }
    }

    /// How many events were acknowledged in all.
    var acknowledgedCount: Int {
        get async {
            var count = 0
            for client in clients { count += await client.acknowledged.count }
            return count
        }
    }

    /// How many requests were answered with an error of the server's own.
    var refusalCount: Int {
        get async {
            var count = 0
            for client in clients { count += await client.refusals }
            return count
        }
    }
}
