import CanonicalJSON
import MatrixProtocol
import RocksDB
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase
@testable import Store

/// Deleting rooms and purging their history, by jobs that go on after a restart.
@Suite struct RemovalTests {
    private static let alice = RemoteRoom.alice
    private static let bob = RemoteRoom.bob
    private static let carol = RemoteRoom.carol

    private func jobs(_ rooms: TestRooms) -> Jobs {
        Jobs(of: rooms.database.database, kinds: [rooms.database.deletingRooms, rooms.database.purgingHistory], environment: .system())
    }

    /// Runs a job until it has done so much, as if the program ended there.
    private func run(
        _ kind: JobKind, until done: UInt64, in rooms: TestRooms, _ start: (Jobs) async throws -> JobID
    ) async throws {
        struct Ended: Error {}
        let ending = JobKind(kind.name) { job, commit in
            if job.done >= done { throw Ended() }
            return try kind.step(&job, commit)
        }
        let jobs = Jobs(of: rooms.database.database, kinds: [ending], environment: .system())
        let id = try await start(jobs)
        await #expect(throws: Ended.self) { try await jobs.wait(for: id) }
        await jobs.stop()
    }

    private func expectSound(_ directory: TemporaryDirectory) {
        let result = RoomsVerification.run(
            at: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: BlockCache(capacityBytes: 1 << 20))
        #expect(result.findings.isEmpty, "\(result.findings.prefix(5))")
    }

    /// A room with forks, threads, reactions, redactions, rejected and waiting events.
    private func fill(_ here: TestRooms) async throws -> Room {
        try await TestRooms.session { there in
            var remote = try await RemoteRoom(.v11, in: there)
            for user in [Self.bob, Self.carol] { try await remote.join(user) }
            let root = try await remote.say("root")
            let thread: JSONObject = ["body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.id.string)]]
            try await remote.send(EventType.roomMessage, nil, thread, by: Self.bob)
            let reaction: JSONObject = [
                "m.relates_to": ["rel_type": "m.annotation", "event_id": .string(root.id.string), "key": "👍"]
            ]
            try await remote.send("m.reaction", nil, reaction, by: Self.bob)
            let base = remote.last
            try await remote.send(.topic, ["topic": "one"], by: Self.alice, after: [base])
            let one = remote.last
            try await remote.send(.topic, ["topic": "bob's"], by: Self.bob, after: [base])
            let rejected = remote.last
            try await remote.send(.name, ["name": "other"], by: Self.alice, after: [base])
            try await remote.say("merge", after: [one, rejected, remote.last])
            try await remote.send(EventType.roomRedaction, nil, [:], by: Self.alice, redacting: root.id)
            for number in 0..<40 { try await remote.say("words \(number)") }
            for event in remote.events { try await here.receive(event, .v11) }
            let missing = try await remote.say("missing")
            let waiting = try await remote.say("waiting", after: [missing])
            #expect(try await here.receive(waiting, .v11) == .waiting(for: [missing.id]))
            let lost = try await remote.send(
                EventType.roomRedaction, nil, [:], by: Self.alice, after: [base], redacting: EventID(trusted: "$never"))
            try await here.receive(lost, .v11)
            let room = try #require(try here.database.room(remote.room.id))
            let transaction = Transaction(user: Self.carol, device: "A", name: "\(room.shortID.number)/send/1/x/1", id: "1")
            try await here.say("ours", in: room, by: Self.carol, transaction)
            let child: JSONObject = ["body": "child", "m.relationship": ["rel_type": "m.reference", "event_id": .string(root.id.string)]]
            try await here.commit { [signingKey = here.signingKey] commit in
                let template = EventTemplate(type: EventType.roomMessage, content: child, sender: Self.carol, roomID: room.id)
                let sent = try commit.send(template, in: room, signingKey: signingKey)
                let delayed = DelayedEvent(
                    id: "sent", user: Self.carol, device: "A", transaction: "1", room: room.id, type: EventType.roomMessage, stateKey: nil,
                    content: Array("{}".utf8), delayMilliseconds: 1_000_000, runningSince: commit.commit.time)
                commit.schedule(delayed)
                let (number, scheduled) = try #require(try commit.view.delayedEvent("sent"))
                try commit.finish(scheduled, number, .sent(sent))
                commit.schedule(
                    DelayedEvent(
                        id: "pending", user: Self.carol, device: "A", transaction: nil, room: room.id, type: EventType.roomTopic,
                        stateKey: "",
                        content: Array("{}".utf8), delayMilliseconds: 1_000_000, runningSince: commit.commit.time))
                for event in [root.id, sent] {
                    let thread = try #require(try commit.view.shortID(of: event))
                    try commit.setThreadSubscription(.byHand, of: Self.carol, to: thread, in: room.shortID)
                }
            }
            #expect(
                try here.view.delayIDs(of: [#require(try here.view.shortID(of: here.timeline(of: room.id).last ?? root.id))]) == ["sent"])
            try await here.commit { commit in
                commit.setAlias(RoomAlias(trusted: "#pub:example.org"), to: room, by: Self.carol)
                try commit.setPublic(true, room.shortID)
            }
            return room
        }
    }

    /// The maps in which something is left when a room has been deleted that was the only one.
    private static let keptMaps: Set<String> = [
        "global", "position_change", "scope_position", "statekey_shortstatekey", "shortstatekey_statekey", "eventid_shorteventid",
        "shorteventid_eventid",
        // What has become of delayed events is known for a day.
        "delayednumber_delayedevent", "delayid_delayednumber", "timestamp_delayednumber", "userdevicetxnid_delayednumber",
    ]

    @Test func aRoomIsDeletedWithAllThatItOwns() async throws {
        let directory = try TemporaryDirectory()
        // The program ends while the job is under way.
        let roomID = try await TestRooms.session(in: directory) { here in
            let room = try await fill(here)
            try await run(here.database.deletingRooms, until: 40, in: here) { jobs in
                try #require(try await here.database.beginDeletion(of: room.id, by: jobs))
            }
            #expect(try here.database.room(room.id) == nil)
            #expect(try here.view.joinedRooms(of: Self.carol).isEmpty)
            #expect(try here.view.timelineEvent(room.create.id) != nil, "it is not done yet")
            return room.id
        }
        try await TestRooms.session(in: directory) { here in
            let jobs = jobs(here)
            let job = try #require(try jobs.all().first)
            #expect(job.job.kind == RoomsDatabase.deleteRoomJob)
            try jobs.resume()
            try await jobs.wait(for: job.id)
            #expect(try here.view.shortID(of: roomID) == nil)
            #expect(try here.view.joinedRooms(of: Self.carol).isEmpty)
            #expect(try here.view.delayedEvent("pending")?.event.outcome == .cancelled)
            let left = try RoomsMaps.schema.maps.filter {
                try here.view.reader.cursor(through: .all, of: $0, .forward).next() != nil
            }
            #expect(Set(left.map(\.name)).subtracting(Self.keptMaps).isEmpty, "\(left.map(\.name))")
            await jobs.stop()
        }
        expectSound(directory)
    }

    @Test func aRoomThatIsNotHereIsNotDeleted() async throws {
        try await TestRooms.session { here in
            let jobs = jobs(here)
            let job = try await here.database.beginDeletion(of: RoomID(trusted: "!nowhere:example.org"), by: jobs)
            #expect(job == nil)
            await jobs.stop()
        }
    }

    /// A deleted room can come again.
    @Test func onlyTheRoomIsDeleted() async throws {
        let directory = try TemporaryDirectory()
        try await TestRooms.session(in: directory) { here in
            let other = try await here.makeRoom(.v11)
            let said = try await here.say("stays", in: other)
            let room = try await fill(here)
            let state = try here.currentState(of: other.id)
            let jobs = jobs(here)
            let job = try #require(try await here.database.beginDeletion(of: room.id, by: jobs))
            try await jobs.wait(for: job)
            #expect(try here.currentState(of: other.id) == state)
            #expect(try here.event(said, in: other).content["body"] == "stays")
            #expect(try await here.receive(room.create, .v11).isAccepted)
            #expect(try here.database.room(room.id) != nil)
            await jobs.stop()
        }
        expectSound(directory)
    }

    @Test func historyIsPurgedUpToAPoint() async throws {
        let directory = try TemporaryDirectory()
        let (room, kept, state) = try await TestRooms.session(in: directory) { here in
            let room = try await fill(here)
            let timeline = try here.timeline(of: room.id)
            let kept = Array(timeline.suffix(12))
            let end = try #require(try here.view.timelineEvent(kept[0])).pduID.order
            let state = try here.currentState(of: room.id)
            let purge = HistoryPurge(room: room.shortID, end: end)
            try await run(here.database.purgingHistory, until: 25, in: here) { jobs in
                try await here.commit { jobs.start(RoomsDatabase.purgeHistoryJob, argument: purge.encoded, in: $0.commit) }
            }
            #expect(try here.timeline(of: room.id).count == timeline.count - 25)
            return (room, kept, state)
        }
        try await TestRooms.session(in: directory) { here in
            let jobs = jobs(here)
            let job = try #require(try jobs.all().first)
            try jobs.resume()
            try await jobs.wait(for: job.id)
            #expect(try here.timeline(of: room.id) == kept)
            #expect(try here.currentState(of: room.id) == state)
            #expect(try here.view.standing(of: room.create.id) == .outlier)
            let first = try #require(try here.view.timelineEvent(kept[0])).pduID
            #expect(try here.view.gaps(of: room.shortID).map(\.pduID) == [first])
            #expect(try here.view.search([Array("root".utf8)], in: [room.shortID], upTo: .max, limit: 5).isEmpty)
            #expect(try here.view.threadSubscriptions(of: Self.carol, after: Position(0), upTo: Position(.max - 1), limit: 5).count == 1)
            // The room goes on, by the same rules.
            let found = try #require(try here.database.room(room.id))
            try await here.say("on and on", in: found, by: Self.carol)
            await #expect(throws: AuthorizationError.self) { try await here.set(.topic, ["topic": "no"], in: found, by: Self.carol) }
            await jobs.stop()
        }
        expectSound(directory)
    }

    /// What the next event will follow stays, whatever is asked for.
    @Test func extremitiesAreNotPurged() async throws {
        try await TestRooms.session { here in
            let room = try await here.makeRoom(.v11)
            let last = try await here.say("last", in: room)
            let jobs = jobs(here)
            let job = try await here.commit {
                jobs.start(RoomsDatabase.purgeHistoryJob, argument: HistoryPurge(room: room.shortID, end: .max).encoded, in: $0.commit)
            }
            try await jobs.wait(for: job)
            #expect(try here.timeline(of: room.id) == [last])
            await jobs.stop()
        }
    }
}
