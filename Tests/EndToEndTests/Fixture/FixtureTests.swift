import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// Data directories that were written by programs before this one.
@Suite(.fewAtATime) struct FixtureTests {
    @Test(arguments: Fixture.all) func anOlderDataDirectoryIsAWorkingServer(fixture: Fixture) async throws {
        let (server, recording) = try await fixture.start()
        try await recording.expectSameAnswers(on: server)

        // What was sent is not sent again; what is sent now comes to who was there before.
        let (alice, bob) = (try recording.client("alice").at(server), try recording.client("bob").at(server))
        let room = try recording.fact("room")
        #expect(try await FixtureContent.sendLast(alice, to: room) == recording.fact("last"))
        let text = "after"
        // Transaction IDs of the tests' own sort may have been used when the fixture was made.
        try await alice.put("rooms", room, "send", "m.room.message", "after", body: ["msgtype": "m.text", "body": .string(text)]).ok()
        let answer = try await bob.sync(since: recording.fact("newest"))
        #expect(answer.timeline(room).messageBodies == [text])
        if let position = recording.facts["pos"]?.stringValue {
            let followed = try await FixtureContent.follow(bob, from: position)
            #expect(followed["rooms", room, "timeline"]?.arrayValue?.messageBodies == [text])
        }
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": "again"]).ok()
        let phone = try recording.client("phone").at(server)
        #expect(try await phone.get("user", alice.userID, "account_data", "org.example").ok() == ["kept": "again"])
        _ = try await bob.logIn()
        let carol = try await server.newUser("carol")
        try await carol.join(room)
        #expect(try await carol.messages(in: room).chunk.messageBodies.first == text)

        // All of it is still there at the next start.
        #expect(try await server.stop() == .exited(0))
        let again = try await server.restart()
        #expect(try await bob.at(again).messages(in: room).chunk.messageBodies.first == text)
    }

    /// Not a test: how a fixture of this program's schema versions is made.
    @Test(.enabled(if: getenv("MARTLET_MAKE_FIXTURE") != nil, "make fixture")) func makeAFixture() async throws {
        var options = ServerProcess.Options()
        options.serverName = Fixture.serverName
        let server = try await ServerProcess.start(options: options)
        let recording = try await FixtureContent.make(on: server)
        #expect(try await server.stop() == .exited(0))
        print("made Tests/Fixtures/\(try await Fixture.make(of: server, recording).name)")
    }
}
