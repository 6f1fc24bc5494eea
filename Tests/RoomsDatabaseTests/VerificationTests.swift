import CanonicalJSON
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import StoredIdentifiers
import TestSupport
import Testing

/// What verification finds in a rooms database that is as it should be, and in one where a single entry is missing or wrong.
@Suite struct VerificationTests {
    private let directory: TemporaryDirectory
    private let cache = BlockCache(capacityBytes: 1 << 20)

    /// A room with everything in it that the maps have something to say about.
    init() async throws {
        directory = try TemporaryDirectory()
        try await TestRooms.session(in: directory) { rooms in
            let (alice, bob) = (TestRooms.alice, TestRooms.bob)
            let room = try await rooms.makeRoom(.v11, [(.joinRules, ["join_rule": "knock"]), (.name, ["name": "Pub"])])
            try await rooms.setMembership(.invite, of: bob, in: room, by: alice)
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            let guests = (0..<8).map { UserID(trusted: "@guest\($0):example.org") }
            for guest in guests[..<2] { try await rooms.setMembership(.invite, of: guest, in: room, by: alice) }
            for guest in guests[2..<4] { try await rooms.setMembership(.knock, of: guest, in: room, by: guest) }
            try await rooms.setMembership(.ban, of: guests[4], in: room, by: alice)
            try await rooms.setMembership(.leave, of: guests[0], in: room, by: guests[0])
            let transaction = Transaction(user: alice, device: "A", name: "send/1", id: "1")
            let root = try await rooms.say("one", in: room, transaction)
            let reply: JSONObject = [
                "msgtype": "m.text", "body": "two", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.string)],
            ]
            try await rooms.commit { [signingKey = rooms.signingKey] commit in
                _ = try commit.send(
                    EventTemplate(type: EventType.roomMessage, content: reply, sender: bob, roomID: room.id), in: room,
                    signingKey: signingKey)
                let reaction: JSONObject = [
                    "m.relates_to": ["rel_type": "m.annotation", "event_id": .string(root.string), "key": "👍"]
                ]
                _ = try commit.send(
                    EventTemplate(type: "m.reaction", content: reaction, sender: bob, roomID: room.id), in: room, signingKey: signingKey)
                commit.setAlias(RoomAlias(trusted: "#pub:example.org"), to: room, by: alice)
                try commit.setPublic(true, room.shortID)
                for (id, stateKey) in [("cancelled", nil), ("waiting", "key")] as [(String, String?)] {
                    commit.schedule(
                        DelayedEvent(
                            id: id, user: alice, device: "A", transaction: id, room: room.id, type: "org.example", stateKey: stateKey,
                            content: Array("{}".utf8), delayMilliseconds: 1000, runningSince: commit.commit.time),
                        stickiness: Stickiness(durationMilliseconds: 1000))
                }
                _ = try commit.send(
                    EventTemplate(
                        type: "org.example", content: [:], sender: bob, roomID: room.id,
                        stickiness: Stickiness(durationMilliseconds: 3_600_000)), in: room, signingKey: signingKey)
                let thread = try #require(try commit.view.shortID(of: root))
                try commit.setThreadSubscription(.byHand, of: bob, to: thread, in: room.shortID)
                try commit.setThreadSubscription(.unsubscribed, of: bob, to: thread, in: room.shortID)
                let order = try #require(try commit.view.timelineEvent(root)).pduID.order
                for (kind, thread) in [(.read, nil), (.readPrivate, .main)] as [(ReadReceipt.Kind, ThreadID?)] {
                    let receipt = ReadReceipt(event: root, order: order, thread: thread, time: commit.commit.time)
                    try commit.setReceipt(receipt, kind, of: bob, in: room.shortID)
                }
                let (number, cancelled) = try #require(try commit.view.delayedEvent("cancelled"))
                try commit.finish(cancelled, number, .cancelled)
            }
            for number in 0..<20 { try await rooms.set(StateKey("org.example", "\(number % 6)"), ["n": .integer(Int64(number))], in: room) }
        }
    }

    @Test func nothingIsFoundWhereNothingIsWrong() {
        let result = verify()
        #expect(result.findings.isEmpty)
        #expect(result.entries > 300)
    }

    /// Something that is done to the database, and the maps that findings then name.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let maps: Set<String>
        let act: @Sendable (Commit) throws -> Void

        /// Removes the last entry of a map.
        static func removing<Key, Value>(from column: Column<Key, Value>, shows maps: Set<String>) -> Damage {
            Damage(testDescription: "an entry of \(column.map.name) is missing", maps: maps) { commit in
                let last = try #require(try commit.first(column, .all, .backward))
                commit.delete(column, last.key)
            }
        }

        /// Gives the last entry of a map another value.
        static func changing<Key, Value>(
            _ column: Column<Key, Value>, shows maps: Set<String>, _ change: @escaping @Sendable (Value) throws -> Value
        ) -> Damage {
            Damage(testDescription: "an entry of \(column.map.name) is another", maps: maps) { commit in
                let last = try #require(try commit.first(column, .all, .backward))
                commit.put(column, last.key, try change(last.value))
            }
        }
    }

    @Test(arguments: [
        Damage.removing(
            from: RoomsMaps.pduIDToEvent, shows: ["eventid_pduid", "shorteventid_pduid", "position_change", "timestamp_pduid"]),
        .removing(from: RoomsMaps.eventIDToPDUID, shows: ["pduid_pdu"]),
        .removing(from: RoomsMaps.shortEventIDToPDUID, shows: ["pduid_pdu", "roomid_pduleaves"]),
        .removing(from: RoomsMaps.eventIDToShortID, shows: ["shorteventid_eventid", "eventid_pduid"]),
        .removing(from: RoomsMaps.shortEventIDToStateHash, shows: ["pduid_pdu"]),
        .removing(from: RoomsMaps.stateLayers, shows: ["shortstatehash_statediff"]),
        .removing(from: RoomsMaps.stateHashToShortID, shows: ["shortstatehash_statediff"]),
        .removing(from: RoomsMaps.stateKeyToShortID, shows: ["shortstatekey_statekey"]),
        .removing(from: RoomsMaps.shortIDToStateKey, shows: ["statekey_shortstatekey", "shortroomid_statekey"]),
        .removing(from: RoomsMaps.roomStateKeyToEvent, shows: ["roomid_shortstatehash"]),
        .removing(from: RoomsMaps.roomIDToShortID, shows: ["shortroomid_roomid", "alias_roomid"]),
        .removing(from: RoomsMaps.shortIDToRoomID, shows: ["roomid_shortroomid", "pduid_pdu"]),
        .removing(from: RoomsMaps.roomExtremities, shows: ["roomid_shortstatehash"]),
        .removing(from: RoomsMaps.roomJoined, shows: ["userroomid_joined", "roomid_joinedcount", "roomserverids"]),
        .removing(from: RoomsMaps.userJoined, shows: ["roomuserid_joined", "shortroomid_statekey"]),
        .removing(from: RoomsMaps.userInvited, shows: ["roomuserid_invitecount"]),
        .removing(from: RoomsMaps.roomKnocked, shows: ["userroomid_knockedstate"]),
        .removing(from: RoomsMaps.userLeft, shows: ["roomuserid_leftcount"]),
        .removing(from: RoomsMaps.serverRooms, shows: ["roomserverids"]),
        .removing(from: RoomsMaps.aliasToUserID, shows: ["alias_roomid"]),
        .removing(from: RoomsMaps.roomAliases, shows: ["alias_roomid"]),
        .removing(from: RoomsMaps.aggregations, shows: ["shortroomid_thread", "threadid_userids"]),
        .removing(from: RoomsMaps.publicRooms, shows: ["joinedcount_publicroom"]),
        .removing(from: RoomsMaps.publicRoomsBySize, shows: ["publicroomids", "global"]),
        .removing(from: RoomsMaps.annotations, shows: ["tofrom_relation"]),
        .removing(from: RoomsMaps.relations, shows: ["tofrom_annotation"]),
        .removing(from: RoomsMaps.threadSubscriptions, shows: ["useridposition_threadid"]),
        .removing(from: RoomsMaps.threadSubscriptionsByPosition, shows: ["useridthreadid_subscription"]),
        .removing(from: RoomsMaps.receipts, shows: ["roomuserthread_readposition"]),
        .removing(from: RoomsMaps.privateRead, shows: ["roomuserthread_readposition"]),
        .removing(from: RoomsMaps.lastPrivateRead, shows: ["roomuserid_privateread"]),
        .removing(from: RoomsMaps.readPositions, shows: ["roomuserid_privateread"]),
        .removing(
            from: RoomsMaps.delayedEvents,
            shows: [
                "delayid_delayednumber", "timestamp_delayednumber", "useridtimestamp_delayednumber", "roomstatekey_delayednumber",
                "userdevicetxnid_delayednumber", "delayednumber_stickiness",
            ]),
        .removing(from: RoomsMaps.delayIDToNumber, shows: ["delayednumber_delayedevent"]),
        .removing(from: RoomsMaps.delayedEventsByTime, shows: ["delayednumber_delayedevent"]),
        .removing(from: RoomsMaps.userDelayedEvents, shows: ["delayednumber_delayedevent"]),
        .removing(from: RoomsMaps.stateKeyDelayedEvents, shows: ["delayednumber_delayedevent"]),
        .removing(from: RoomsMaps.stickyEvents, shows: ["timestamp_stickyevent"]),
        .removing(from: RoomsMaps.stickyEventsByExpiry, shows: ["shortroomid_stickyevent"]),
        .changing(RoomsMaps.roomJoinedCount, shows: ["roomid_joinedcount", "joinedcount_publicroom"]) { $0 + 1 },
        .changing(RoomsMaps.roomInvitedCount, shows: ["roomid_invitedcount"]) { $0 + 1 },
        .changing(RoomsMaps.roomServers, shows: ["roomserverids"]) { $0 - 1 },
        .removing(from: RoomsMaps.shortEventIDToEventID, shows: ["eventid_shorteventid", "pduid_pdu"]),
        .changing(RoomsMaps.roomJoined, shows: ["roomuserid_joined", "userroomid_joined"]) { $0.next },
        .changing(RoomsMaps.roomToStateHash, shows: ["roomid_shortstatehash"]) { _ in .empty },
        .changing(RoomsMaps.transactionToEventID, shows: ["userdevicetxnid_response"]) { _ in EventID(trusted: "$nothing") },
        .changing(RoomsMaps.roomExtremities, shows: ["roomid_pduleaves"]) { _ in Extremities([(ShortEventID(number: 99_999), 1)]) },
        .changing(RoomsMaps.pduIDToEvent, shows: ["pduid_pdu"]) {
            StoredEvent(id: $0.id, shortID: $0.shortID, replaced: $0.replaced, json: Array("{}".utf8))
        },
        .changing(RoomsMaps.stateLayers, shows: ["shortstatehash_statediff"]) { Array($0.dropLast(16)) + $0.suffix(16).map { ~$0 } },
    ])
    func whatIsWrongIsFound(_ damage: Damage) async throws {
        let database = try Database(
            schema: RoomsMaps.schema, directory: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: cache,
            environment: .system(), notifier: Notifier())
        try await database.commit { try damage.act($0) }
        database.close()
        let found = Set(verify().findings.compactMap(\.map))
        #expect(found.isSuperset(of: damage.maps), "\(verify().findings)")
    }

    private func verify() -> VerificationResult {
        RoomsVerification.run(at: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: cache)
    }
}
