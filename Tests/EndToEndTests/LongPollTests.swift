import CanonicalJSON
import Testing

/// Syncs that wait until there is something to tell.
@Suite(.fewAtATime) struct LongPollTests {
    /// Starts a long poll, lets it come to rest, acts, and returns its answer: it is late if it was not woken.
    private func answer(
        to client: MatrixTestClient, since: String, when act: () async throws -> Void
    ) async throws -> SyncAnswer {
        let start = ContinuousClock.now
        async let waiting = client.sync(since: since, timeout: 60_000)
        try await Task.sleep(for: .milliseconds(300))
        try await act()
        let answer = try await waiting
        #expect(ContinuousClock.now - start < .seconds(50), "it was not woken")
        return answer
    }

    @Test func aMessageWakesItsReaders() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        let woken = try await answer(to: bob, since: since) { try await alice.send("hello", to: room) }
        #expect(woken.timeline(room).messageBodies == ["hello"])
    }

    @Test func membershipWakesWhomItConcerns() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom()
        var since = try await bob.sync().nextBatch
        let invite = try await answer(to: bob, since: since) { try await alice.invite(bob, to: room) }
        #expect(invite.invited(room) != nil)
        let tablet = try await bob.logIn()
        // The new device is news too.
        since = try await tablet.sync(since: invite.nextBatch).nextBatch
        let join = try await answer(to: tablet, since: since) { try await bob.join(room) }
        #expect(join.joined(room) != nil)
        let kick = try await answer(to: bob, since: join.nextBatch) {
            try await alice.post("rooms", room, "kick", body: ["user_id": "\(bob.userID)"]).ok()
        }
        #expect(kick.left(room) != nil)
    }

    @Test func aRoomThatWasJustJoinedWakesToo() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(["preset": "public_chat"])
        try await bob.join(room)
        let since = try await bob.sync().nextBatch
        let woken = try await answer(to: bob, since: since) { try await alice.send("welcome", to: room) }
        #expect(woken.timeline(room).messageBodies == ["welcome"])
    }

    @Test func otherRoomsDoNotWake() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let (shared, secret) = (try await alice.createRoom(with: bob), try await alice.createRoom())
        let since = try await bob.sync().nextBatch
        let woken = try await answer(to: bob, since: since) {
            try await alice.send("secret", to: secret)
            try await Task.sleep(for: .milliseconds(300))
            try await alice.send("shared", to: shared)
        }
        #expect(woken.joined(secret) == nil)
        #expect(woken.timeline(shared).messageBodies == ["shared"])
    }

    @Test func withoutNewsTheAnswerComesAfterTheTimeout() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let since = try await alice.sync().nextBatch
        let start = ContinuousClock.now
        let answer = try await alice.sync(since: since, timeout: 700)
        #expect(ContinuousClock.now - start >= .milliseconds(690))
        #expect(answer.joined(room) == nil)
        // With news, or at the beginning, there is nothing to wait for.
        let another = ContinuousClock.now
        _ = try await alice.sync(timeout: 60_000)
        try await alice.send("hello", to: room)
        _ = try await alice.sync(since: answer.nextBatch, timeout: 60_000)
        #expect(ContinuousClock.now - another < .seconds(50))
    }

    @Test func manyWaitTogether() async throws {
        let (alice, bob) = (try await newUser("alice"), try await newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        let since = try await bob.sync().nextBatch
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<30 {
                group.addTask { try await bob.sync(since: since, timeout: 60_000).timeline(room).messageBodies }
            }
            try await Task.sleep(for: .milliseconds(500))
            try await alice.send("to all", to: room)
            for try await bodies in group { #expect(bodies == ["to all"]) }
        }
    }
}
