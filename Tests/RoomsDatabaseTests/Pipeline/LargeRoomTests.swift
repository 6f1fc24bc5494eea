import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// What is too much for one commit: large joins, large merges, much history.
@Suite struct LargeRoomTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol
    private static let small = CommitLimits(resolvedEntries: 3, memberships: 2)

    private static func users(_ count: Int) -> [UserID] {
        (0..<count).map { UserID(trusted: "@user\($0):\($0 % 5 == 0 ? "example.org" : "s\($0 % 3).example")") }
    }

    private func expectSame(as remote: RemoteRoom, after event: Event, _ here: TestRooms) async throws {
        let room = try #require(try here.database.room(remote.room.id))
        let state = try await remote.state(after: event)
        #expect(try here.currentState(of: room.id) == state)
        let there = try #require(try remote.rooms.view.shortID(of: room.id))
        #expect(try here.view.joinedMembers(of: room.shortID) == remote.rooms.view.joinedMembers(of: there))
        #expect(try here.view.memberCounts(of: room.shortID) == remote.rooms.view.memberCounts(of: there))
    }

    @Test func aLargeRoomIsEnteredCompletedAndEnteredAgain() async throws {
        try await RemoteRoom.session { remote, here in
            for user in Self.users(12) { try await remote.join(user) }
            let join = try await remote.join(Self.carol)
            let full = try await here.takeState(before: join, of: remote)
            let some = try await here.takeState(before: join, of: remote) { $0.type == EventType.roomMember && $0 != .member(Self.alice) }
            let partial = GivenState(some.events, isPartial: true)
            #expect(try await here.database.receive(join, version: .v11, before: partial, within: Self.small).isAccepted)
            let message = try await remote.say("meanwhile", by: Self.users(2)[1])
            let leave = try await remote.send(.member(Self.users(3)[2]), ["membership": "leave"], by: Self.users(3)[2])
            for event in [message, leave] {
                #expect(try await here.database.receive(event, version: .v11, within: Self.small).isAccepted)
            }
            let room = try #require(try here.database.room(remote.room.id))
            try await here.database.completeState(of: room, before: join.id, with: full, within: Self.small)
            try await expectSame(as: remote, after: leave, here)

            // All of ours leave, others too, and somebody comes back.
            for user in [Self.carol] + Self.users(12).filter({ $0.isOn(TestRooms.serverName) }) {
                let leave = try await remote.send(.member(user), ["membership": "leave"], by: user)
                #expect(try await here.receive(leave, .v11).isAccepted)
            }
            for user in Self.users(12).suffix(4) where !user.isOn(TestRooms.serverName) {
                try await remote.send(.member(user), ["membership": "leave"], by: user)
            }
            for number in 0..<4 { try await remote.join(UserID(trusted: "@new\(number):s.example")) }
            let again = try await remote.join(Self.carol)
            let given = try await here.takeState(before: again, of: remote)
            #expect(try await here.database.receive(again, version: .v11, before: given, within: Self.small).isAccepted)
            try await expectSame(as: remote, after: again, here)
        }
    }

    /// The program ends before the commit that would have made them count; the next time the state is another.
    @Test func whatWasWrittenAheadDoesNotCount() async throws {
        try await RemoteRoom.session { remote, here in
            for user in Self.users(9) { try await remote.join(user) }
            let base = remote.last
            let join = try await remote.join(Self.carol, after: [base])
            let given = try await here.takeState(before: join, of: remote)
            let room = try await here.commit { try $0.room(of: join, version: .v11) }
            var prepared = Prepared(Self.small)
            prepared.add(try await here.database.keep(given, in: room), before: join.id)
            do {
                let receipt = try await here.commit { [prepared] commit in try commit.receive(join, in: room, before: given, prepared) }
                Issue.record("\(receipt)")
            } catch let memberships as MembershipsToWrite {
                let count = try await here.commit { try $0.writeAhead(memberships.memberships[...], in: room) }
                #expect(count == memberships.memberships.count && count > 5)
            }
            #expect(try here.database.room(room.id) == nil)
            #expect(try !here.view.isInRoom(TestRooms.serverName, room.shortID))

            try await remote.send(.member(Self.bob), ["membership": "leave"], by: Self.bob, after: [base])
            let later = try await remote.join(Self.carol)
            let state = try await here.takeState(before: later, of: remote)
            #expect(try await here.database.receive(later, version: .v11, before: state, within: Self.small).isAccepted)
            #expect(try await here.currentState(of: room.id) == remote.state(after: later))
            #expect(try !here.view.isJoined(Self.bob, to: room.shortID))
        }
    }

    /// While members are being taken over, one of them leaves.
    @Test func whatHappensWhileMembersAreWrittenAheadIsNewer() async throws {
        try await RemoteRoom.session { remote, here in
            for user in Self.users(9) { try await remote.join(user) }
            let join = try await remote.join(Self.carol)
            let full = try await here.takeState(before: join, of: remote)
            let some = try await here.takeState(before: join, of: remote) { $0.type == EventType.roomMember && $0 != .member(Self.alice) }
            #expect(try await here.receive(join, .v11, before: GivenState(some.events, isPartial: true)).isAccepted)
            let room = try #require(try here.database.room(remote.room.id))
            let state = try await here.database.keep(full, in: room)
            let entry = try #require(try here.view.shortID(of: join.id))
            do {
                try await here.commit { commit in
                    let last = try commit.judgeAgain(
                        in: room, entry: entry, full: state, after: JudgementNumber(number: 0), Prepared(Self.small))
                    Issue.record("\(String(describing: last))")
                }
            } catch let memberships as MembershipsToWrite {
                _ = try await here.commit { try $0.writeAhead(memberships.memberships[...], in: room) }
            }
            #expect(try here.view.isJoined(Self.bob, to: room.shortID))
            let leave = try await remote.send(.member(Self.bob), ["membership": "leave"], by: Self.bob)
            #expect(try await here.receive(leave, .v11).isAccepted)
            try await here.database.completeState(of: room, before: join.id, with: full)
            try await expectSame(as: remote, after: leave, here)
        }
    }

    /// More members than one commit could take over.
    @Test func aRoomOfManyMembersIsEntered() async throws {
        try await RemoteRoom.session { remote, here in
            for user in (0..<650).map({ UserID(trusted: "@user\($0):s\($0 % 7).example") }) { try await remote.join(user) }
            let join = try await remote.join(Self.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            try await expectSame(as: remote, after: join, here)
        }
    }

    /// One event that merges two states changes more memberships than a commit may hold otherwise.
    @Test func aMergeThatChangesManyMembershipsIsTaken() async throws {
        try await RemoteRoom.session { remote, here in
            try await remote.join(Self.carol)
            let base = remote.last
            var last = base
            for number in 0..<650 { last = try await remote.join(UserID(trusted: "@user\(number):s.example"), after: [last]) }
            for event in remote.events.prefix(while: { $0.id != base.id }) + [base] { try await here.receive(event, .v11) }
            // What leads from one to the other isn't here, only what it has come to.
            let next = try await remote.say("here we are", after: [last])
            let given = try await here.takeState(before: next, of: remote)
            #expect(try await here.receive(next, .v11, before: given).isAccepted)
            #expect(try await here.currentState(of: remote.room.id) == remote.state(after: next))
        }
    }

    /// A thread's root that comes last has as many replies as there were.
    @Test func aRootComesAfterManyReplies() async throws {
        try await RemoteRoom.session { remote, here in
            try await remote.join(Self.carol)
            for event in remote.events { try await here.receive(event, .v11) }
            let root = try await remote.say("root")
            let room = try #require(try here.database.room(remote.room.id))
            let content: JSONObject = ["body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.id.string)]]
            for _ in 0..<14 {
                try await here.commit { [signingKey = here.signingKey] commit in
                    for _ in 0..<100 {
                        let reply = EventTemplate(type: EventType.roomMessage, content: content, sender: Self.carol, roomID: room.id)
                        _ = try commit.send(reply, in: room, signingKey: signingKey)
                    }
                }
            }
            #expect(try await here.receive(root, .v11).isAccepted)
            let shortID = try #require(try here.view.shortID(of: root.id))
            #expect(try here.view.aggregations(of: [shortID]).first.flatMap(\.self)?.threadCount == 1_400)
        }
    }

    @Test func longMessagesAreHistory() async throws {
        let directory = try TemporaryDirectory()
        try await TestRooms.session { there in
            var remote = try await RemoteRoom(.v11, in: there)
            let first = try await remote.say("first")
            for number in 0..<12 {
                try await remote.say((0..<510).map { "w\(number)x\($0)" }.joined(separator: " "))
            }
            let join = try await remote.join(Self.carol)
            try await TestRooms.session(in: directory) { [remote] here in
                let given = try await here.takeState(before: join, of: remote)
                #expect(try await here.receive(join, .v11, before: given).isAccepted)
                let history = remote.events.drop { $0.id != first.id }.dropLast()
                let states = [first.id: try await here.takeState(before: first, of: remote)]
                let receipts = try await here.database.receiveHistory(Array(history), version: .v11, before: join.id, states: states)
                #expect(receipts.count == 13 && receipts.values.allSatisfy { $0.isAccepted })
                #expect(try here.timeline(of: remote.room.id) == history.map(\.id) + [join.id])

                // They go in as many steps as it takes.
                let kinds = [here.database.deletingRooms, here.database.purgingHistory]
                let jobs = Jobs(of: here.database.database, kinds: kinds, environment: .system())
                let room = try #require(try here.database.room(remote.room.id))
                let end = try #require(try here.view.timelineEvent(history[history.endIndex - 6].id)).pduID.order
                let purge = try await here.commit {
                    jobs.start(
                        RoomsDatabase.purgeHistoryJob, argument: HistoryPurge(room: room.shortID, end: end).encoded, in: $0.commit)
                }
                try await jobs.wait(for: purge)
                #expect(try here.timeline(of: room.id) == history.suffix(6).map(\.id) + [join.id])
                let deletion = try #require(try await here.database.beginDeletion(of: room.id, by: jobs))
                try await jobs.wait(for: deletion)
                #expect(try here.view.shortID(of: room.id) == nil)
                await jobs.stop()
            }
        }
    }
}
