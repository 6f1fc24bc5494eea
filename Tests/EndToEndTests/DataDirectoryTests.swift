import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// What outlives a process: stopped, killed, copied, claimed twice.
@Suite(.fewAtATime) struct DataDirectoryTests {
    /// A conversation that goes on over a restart.
    private struct Conversation {
        let alice: MatrixTestClient
        let bob: MatrixTestClient
        let room: String
        let since: String
        let topic: String
        let registrationToken: String?

        private static let transaction = "sent before"
        private static let message: JSONValue = ["msgtype": "m.text", "body": "before"]
        private let event: String

        init(on server: ServerProcess) async throws {
            alice = try await server.newUser("alice")
            bob = try await server.newUser("bob")
            room = try await alice.createRoom(with: bob)
            topic = try await alice.setState("m.room.topic", in: room, to: ["topic": "tea"])
            try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": true]).ok()
            since = try await bob.sync().nextBatch
            event = try await Self.send(alice, room)
            registrationToken = server.registrationToken
        }

        private static func send(_ client: MatrixTestClient, _ room: String) async throws -> String {
            try #require(
                try await client.put("rooms", room, "send", "m.room.message", transaction, body: message).ok()["event_id"]?.stringValue)
        }

        /// Checks that all of it is there on a server, and goes on with it.
        func goesOn(on server: ServerProcess) async throws {
            let (alice, bob) = (alice.on(server), bob.on(server))
            let answer = try await bob.sync(since: since)
            #expect(answer.timeline(room).eventIDs == [event])
            #expect(try await Self.send(alice, room) == event)
            #expect(try await bob.sync(since: answer.nextBatch).joined(room) == nil)
            #expect(try await alice.setState("m.room.topic", in: room, to: ["topic": "tea"]) == topic)
            #expect(try await alice.get("user", alice.userID, "account_data", "org.example").ok() == ["kept": true])
            let text = unique("after")
            try await alice.send(text, to: room)
            #expect(try await bob.sync(since: answer.nextBatch, timeout: 30_000).timeline(room).messageBodies == [text])
            #expect(try await bob.messages(in: room).chunk.messageBodies == [text, "before"])
            _ = try await alice.logIn()
            #expect(server.registrationToken == registrationToken)
            _ = try await server.newUser("carol")
        }
    }

    @Test func aStoppedServerGoesOn() async throws {
        let server = try await ServerProcess.start()
        let conversation = try await Conversation(on: server)
        #expect(try await server.stop() == .exited(0))
        try await conversation.goesOn(on: server.restart())
    }

    @Test func aKilledServerGoesOn() async throws {
        let server = try await ServerProcess.start()
        let conversation = try await Conversation(on: server)
        server.kill()
        try await conversation.goesOn(on: server.restart())
    }

    @Test func theCopyOfAStoppedServersDirectoryIsAWorkingServer() async throws {
        let server = try await ServerProcess.start()
        let conversation = try await Conversation(on: server)
        #expect(try await server.stop() == .exited(0))
        _ = try await server.copy(server.dataDirectory, as: "copy")
        try await conversation.goesOn(on: ServerProcess.start(in: server.directory, dataName: "copy"))
    }

    @Test func aSecondServerIsKeptOut() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let failure = await #expect(throws: ServerProcess.Failure.self) {
            try await ServerProcess.start(in: server.directory)
        }
        guard case .ended(.exited(let status), let output) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(status != 0)
        #expect(!output.isEmpty)
        try await alice.get("account", "whoami").ok()
    }

    @Test func anotherServersDirectoryIsRefused() async throws {
        let server = try await ServerProcess.start()
        #expect(try await server.stop() == .exited(0))
        var options = ServerProcess.Options()
        options.serverName = "elsewhere.example"
        let failure = await #expect(throws: ServerProcess.Failure.self) {
            try await server.restart(options: options)
        }
        guard case .ended(.exited(let status), let output) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(status != 0)
        #expect(output.contains("localhost") && output.contains("elsewhere.example"))
        // Nothing was touched.
        _ = try await server.restart().newUser("alice")
    }

    @Test func theSigningKeyIsItsOwnersOnlyAndStays() async throws {
        let server = try await ServerProcess.start()
        let path = "\(server.dataDirectory)/signing.key"
        let key = try #require(readFile(path))
        var information = stat()
        try #require(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
        #expect(try await server.stop() == .exited(0))
        let again = try await server.restart()
        #expect(readFile(path) == key)
        #expect(try await again.stop() == .exited(0))
    }

    @Test func stoppingAnswersWhoWaits() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let since = try await alice.sync().nextBatch
        let waiting = Task { try await alice.sync(since: since, timeout: 60_000) }
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        #expect(try await server.stop() == .exited(0))
        #expect(ContinuousClock.now - start < .seconds(30))
        _ = await waiting.result
    }
}
