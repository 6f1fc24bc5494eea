import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import Synchronization
import TestSupport
import Testing

@testable import RoomsDatabase

/// Two who change a room at once: what was worked out before a commit may no longer hold when the commit comes.
@Suite struct LostRaceTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol
    private static let small = CommitLimits(resolvedEntries: 3, memberships: 2)

    private func session(_ body: (inout RemoteRoom, TestRooms) async throws -> Void) async throws {
        try await RemoteRoom.session(powerLevels: ["users": [.init(Self.bob.string): 50]]) { remote, here in
            for event in remote.events { try await here.receive(event, .v11) }
            try await body(&remote, here)
        }
    }

    /// An event comes from several servers at once, and its states are resolved each time.
    @Test func anEventThatComesSeveralTimesAtOnceIsTakenOnce() async throws {
        try await session { remote, here in
            let base = remote.last
            let one = try await remote.send(.topic, ["topic": "one"], by: Self.alice, after: [base])
            let other = try await remote.send(.topic, ["topic": "other"], by: Self.bob, after: [base])
            let merge = try await remote.send(.name, ["name": "merged"], by: Self.alice, after: [one, other])
            for event in [one, other, merge] {
                let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await here.database.receive(event, version: .v11, within: Self.small) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(receipts.count { $0.isAccepted } == 1)
                #expect(receipts.count { $0 == .known } == 7)
            }
            #expect(try here.timeline(of: remote.room.id).suffix(3) == [one.id, other.id, merge.id])
            #expect(try here.extremities(of: remote.room.id) == [merge.id])
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: merge))
        }
    }

    /// While an event's states are resolved, another one moves the room on; what the room's state becomes is resolved anew.
    @Test func theRoomsStateChangesBeforeTheCommit() async throws {
        try await session { remote, here in
            let base = remote.last
            let one = try await remote.send(.topic, ["topic": "one"], by: Self.alice, after: [base])
            let other = try await remote.send(.topic, ["topic": "other"], by: Self.bob, after: [base])
            let third = try await remote.send(.name, ["name": "third"], by: Self.alice, after: [base])
            try await here.receive(one, .v11)
            let room = try #require(try here.database.room(remote.room.id))
            func attempt(_ prepared: Prepared) async throws -> StatesToResolve {
                do {
                    let receipt = try await here.commit { commit in try commit.receive(other, in: room, prepared) }
                    Issue.record("nothing had to be resolved: \(receipt)")
                    throw CancellationError()
                } catch let states as StatesToResolve { return states }
            }
            var prepared = Prepared(Self.small)
            let before = try await attempt(prepared)
            let named = try await here.commit { try $0.name(other) }
            prepared.add(try here.database.resolve(before, with: [named: other]), of: before)
            try await here.receive(third, .v11)
            // What was resolved is of no use to the room as it is now.
            let after = try await attempt(prepared)
            #expect(after.sums != before.sums)
            #expect(try here.view.standing(of: other.id) == .unknown)
            #expect(try here.extremities(of: room.id) == [one.id, third.id])

            #expect(try await here.database.receive(other, version: .v11, within: Self.small).isAccepted)
            #expect(try here.extremities(of: room.id) == [one.id, other.id, third.id])
            #expect(try await here.currentState(of: room.id) == remote.state(after: one, other, third))
        }
    }

    /// Who loses every race gives up, and the event may come again.
    @Test func aRoomThatChangesAllTheTimeIsBusy() async throws {
        try await session { remote, here in
            let base = remote.last
            let one = try await remote.send(.topic, ["topic": "one"], by: Self.alice, after: [base])
            let other = try await remote.send(.topic, ["topic": "other"], by: Self.bob, after: [base])
            try await here.receive(one, .v11)
            let room = try #require(try here.database.room(remote.room.id))
            let attempts = Mutex(0)
            do {
                let receipt = try await here.database.commit(in: room.id, taking: [other], within: Self.small) { commit, _ in
                    attempts.withLock { $0 += 1 }
                    return try commit.receive(other, in: room, Prepared(Self.small))
                }
                Issue.record("it was taken: \(receipt)")
            } catch let error as PipelineError {
                #expect("\(error)" == "\(PipelineError.roomIsBusy(room.id))")
            }
            #expect(attempts.withLock { $0 } == 10)
            #expect(try here.view.standing(of: other.id) == .unknown)
            #expect(try await here.database.receive(other, version: .v11, within: Self.small).isAccepted)
        }
    }

    /// Events that are made here follow what has come until then, while others come from elsewhere.
    @Test func sendingAndReceivingAtOnce() async throws {
        try await session { remote, here in
            let join = try await remote.join(Self.carol)
            try await here.receive(join, .v11)
            let room = try #require(try here.database.room(remote.room.id))
            var received: [Event] = []
            for number in 0..<20 {
                received.append(try await remote.send(.topic, ["topic": "\(number)"], by: number % 2 == 0 ? Self.alice : Self.bob))
            }
            let sent = try await withThrowingTaskGroup(of: [EventID].self) { [received] group in
                group.addTask {
                    for event in received {
                        let receipt = try await here.database.receive(event, version: .v11, within: Self.small)
                        #expect(receipt.isAccepted)
                    }
                    return []
                }
                for sender in 0..<3 {
                    group.addTask {
                        var sent: [EventID] = []
                        for number in 0..<10 { sent.append(try await here.say("\(sender)/\(number)", in: room, by: Self.carol)) }
                        return sent
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let timeline = try here.timeline(of: room.id)
            #expect(Set(timeline).isSuperset(of: sent + received.map(\.id)) && Set(timeline).count == timeline.count)
            let last = try await here.say("last", in: room, by: Self.carol)
            #expect(try here.extremities(of: room.id) == [last])
            #expect(try here.currentState(of: room.id)[.topic] == received.last?.id)
        }
    }
}
