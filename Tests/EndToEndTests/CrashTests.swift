import CanonicalJSON
import Synchronization
import TestSupport
import Testing

/// A server that is killed again and again while it works: what was answered stays, and what was not is there once or not at all.
@Suite(.fewAtATime) struct CrashTests {
    private static let crashes = 4
    private static let clientCount = 4
    private static let workBeforeCrash = Duration.milliseconds(700)

    @Test(.timeLimit(.minutes(10)))
    func whatWasAnsweredOutlivesEveryCrash() async throws {
        var server = try await ServerProcess.start()
        let founder = try await server.newUser("founder")
        let room = try await founder.createRoom(["preset": "public_chat", "power_level_content_override": ["state_default": 0]])
        let workers = try await (0..<Self.clientCount).asyncMap { number in
            let client = try await server.newUser("worker")
            try await client.join(room)
            return Worker(number: number, client: client, room: room)
        }
        let since = try await founder.sync().nextBatch

        for crash in 0..<Self.crashes {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in workers { group.addTask { await worker.workUntilCrash(crash) } }
                try await Task.sleep(for: Self.workBeforeCrash)
                server.kill()
                try await group.waitForAll()
            }
            server = try await server.restart()
            for worker in workers { try await worker.checkAll() }
        }

        // The founder's old token leads through everything, in the order of the history.
        var synced: [String] = []
        var token = since
        while true {
            let answer = try await founder.sync(since: token, filter: ["room": ["timeline": ["limit": 100]]])
            guard let timeline = answer.joined(room)?["timeline"], var from = timeline["prev_batch"]?.stringValue else { break }
            var page = timeline["events"]?.arrayValue?.eventIDs ?? []
            while timeline["limited"] == true {
                let earlier = try await founder.messages(in: room, from: from, to: token)
                page = earlier.chunk.eventIDs.reversed() + page
                guard let end = earlier.end, !earlier.chunk.isEmpty else { break }
                from = end
            }
            synced += page
            token = answer.nextBatch
        }
        #expect(Set(synced).count == synced.count, "an event came twice")
        var history: [String] = []
        var from: String?
        repeat {
            let page = try await founder.messages(in: room, from: from)
            history += page.chunk.eventIDs
            from = page.end
        } while from != nil
        #expect(synced == Array(history.prefix(synced.count).reversed()))
        let answered = workers.flatMap(\.eventIDs)
        #expect(!answered.isEmpty && Set(answered).isSubset(of: synced))
    }
}

/// A client that sends, sets state, writes account data and makes rooms, and remembers what was answered.
private final class Worker: Sendable {
    private struct Memory {
        /// Body and event ID of each message that was answered.
        var messages: [(body: String, event: String)] = []
        /// The numbers that the state and the account data may have: the last that was answered, and those tried after it.
        var state: [Int64] = [0]
        var accountData: [Int64] = [0]
        var rooms: [String] = []
        var stateEvents: [String] = []
    }

    private let number: Int
    private let client: MatrixTestClient
    private let room: String
    private let memory = Mutex(Memory())

    init(number: Int, client: MatrixTestClient, room: String) {
        self.number = number
        self.client = client
        self.room = room
    }

    /// The events in the shared room that were answered.
    var eventIDs: [String] {
        memory.withLock { $0.messages.map(\.event) + $0.stateEvents }
    }

    /// Does one thing after another until a request has no answer.
    func workUntilCrash(_ crash: Int) async {
        var count: Int64 = Int64(crash) * 1_000_000 + 1
        do {
            while true {
                let body = "\(number) \(count)"
                let message = try await client.send(body, to: room)
                memory.withLock { $0.messages.append((body, message)) }

                memory.withLock { $0.state.append(count) }
                let state = try await client.setState("org.example.counter", "\(number)", in: room, to: ["count": .integer(count)])
                memory.withLock {
                    $0.state = [count]
                    $0.stateEvents.append(state)
                }

                memory.withLock { $0.accountData.append(count) }
                try await client.put("user", client.userID, "account_data", "org.example", body: ["count": .integer(count)]).ok()
                memory.withLock { $0.accountData = [count] }

                if count % 4 == 0 {
                    let made = try await client.createRoom()
                    memory.withLock { $0.rooms.append(made) }
                }
                count += 1
            }
        } catch {
            // The server is gone.
        }
    }

    /// Checks that everything that was answered is there.
    func checkAll() async throws {
        let memory = memory.withLock { $0 }
        for (body, event) in memory.messages.suffix(20) {
            #expect(try await client.get("rooms", room, "event", event).ok()["content", "body"]?.stringValue == body)
        }
        let state = try await client.state("org.example.counter", "\(number)", in: room)?["count"]?.integerValue ?? 0
        #expect(memory.state.contains(state), "state \(state) after \(memory.state)")
        let data = try await client.get("user", client.userID, "account_data", "org.example").body["count"]?.integerValue ?? 0
        #expect(memory.accountData.contains(data), "account data \(data) after \(memory.accountData)")
        let joined = try #require(try await client.get("joined_rooms").ok()["joined_rooms"]?.strings)
        #expect(Set(joined).isSuperset(of: memory.rooms + [room]))
        // A room is there as a whole or not at all.
        for room in joined { #expect(try await client.state("m.room.history_visibility", in: room) != nil) }
    }
}

extension Sequence {
    /// The results of `transform`, one after another.
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
