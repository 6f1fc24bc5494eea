import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Read receipts as they are kept, and how far they say that a room is read.
@Suite struct ReadReceiptTests {
    private static let alice = TestRooms.alice
    private static let bob = TestRooms.bob

    /// Sets a receipt for an event of a room's timeline.
    @discardableResult
    private func set(
        _ event: EventID, _ kind: ReadReceipt.Kind = .read, thread: ThreadID? = nil, of user: UserID = bob, in room: Room,
        _ rooms: TestRooms
    ) async throws -> Bool {
        let order = try order(of: event, rooms)
        return try await rooms.commit { commit in
            let receipt = ReadReceipt(event: event, order: order, thread: thread, time: 1)
            return try commit.setReceipt(receipt, kind, of: user, in: room.shortID)
        }
    }

    private func order(of event: EventID, _ rooms: TestRooms) throws -> Int64 {
        try #require(try rooms.view.timelineEvent(event)).pduID.order
    }

    private func reply(_ relation: String, to target: EventID, in room: Room, _ rooms: TestRooms) async throws -> EventID {
        let content: JSONObject = [
            "msgtype": "m.text", "body": "reply", "m.relates_to": ["rel_type": .string(relation), "event_id": .string(target.string)],
        ]
        let template = EventTemplate(
            type: EventType.roomMessage, stateKey: nil, content: content, sender: TestRooms.alice, roomID: room.id)
        return try await rooms.commit { [key = rooms.signingKey] in try $0.send(template, in: room, signingKey: key) }
    }

    @Test func receiptsGoForwardOnly() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let (first, second) = (try await rooms.say("1", in: room), try await rooms.say("2", in: room))
            let start = rooms.database.snapshot().position
            #expect(try await set(second, in: room, rooms))
            #expect(try await !set(second, in: room, rooms))
            #expect(try await !set(first, in: room, rooms))
            #expect(try rooms.view.receipts(in: room.shortID, after: nil).map(\.receipt.event) == [second])
            #expect(try rooms.view.receipts(in: room.shortID, after: start).map(\.user) == [Self.bob])
            let third = try await rooms.say("3", in: room)
            #expect(try await set(third, in: room, rooms))
            // The one before is gone.
            #expect(try rooms.view.receipts(in: room.shortID, after: nil).map(\.receipt.event) == [third])
            let end = rooms.database.snapshot().position
            #expect(try rooms.view.receipts(in: room.shortID, after: end).isEmpty)
        }
    }

    @Test func kindsAndThreadsAreKeptApart() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let (first, second) = (try await rooms.say("1", in: room), try await rooms.say("2", in: room))
            for thread in [nil, ThreadID.main, .root(first)] { #expect(try await set(second, thread: thread, in: room, rooms)) }
            #expect(try await set(second, .readPrivate, in: room, rooms))
            #expect(try await set(second, of: Self.alice, in: room, rooms))
            #expect(try rooms.view.receipts(in: room.shortID, after: nil).map(\.receipt.thread) == [nil, .main, .root(first), nil])
            #expect(try rooms.view.privateReceipts(of: Self.bob, in: room.shortID, after: nil).map(\.event) == [second])
            #expect(try rooms.view.privateReceipts(of: Self.alice, in: room.shortID, after: nil).isEmpty)
            let end = rooms.database.snapshot().position
            #expect(try rooms.view.privateReceipts(of: Self.bob, in: room.shortID, after: end).isEmpty)
            #expect(try rooms.view.roomsWithPrivateReceipts(of: Self.bob, in: [room.shortID], after: Position(0)) == [room.shortID])
            #expect(try rooms.view.roomsWithPrivateReceipts(of: Self.bob, in: [room.shortID], after: end).isEmpty)
        }
    }

    @Test func theLaterReceiptCounts() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            var events: [EventID] = []
            for number in 1...4 { events.append(try await rooms.say("\(number)", in: room)) }
            let orders = try events.map { try order(of: $0, rooms) }
            func positions() throws -> ReadPositions { try rooms.view.readPositions(of: Self.bob, in: room.shortID) }
            let thread = ThreadID.root(events[0])
            #expect(try positions().unthreaded == nil && positions().order(in: .main) == nil)

            try await set(events[1], .readPrivate, in: room, rooms)
            try await set(events[0], in: room, rooms)
            #expect(try positions().unthreaded == orders[1])
            #expect(try positions().order(in: .main) == orders[1] && positions().order(in: thread) == orders[1])

            try await set(events[0], thread: .main, in: room, rooms)
            #expect(try positions().order(in: .main) == orders[1])
            try await set(events[2], thread: .main, in: room, rooms)
            #expect(try positions().order(in: .main) == orders[2] && positions().order(in: thread) == orders[1])
            try await set(events[3], .readPrivate, thread: thread, in: room, rooms)
            #expect(try positions().order(in: thread) == orders[3] && positions().unthreaded == orders[1])
            #expect(try rooms.view.readPositions(of: Self.alice, in: room.shortID).unthreaded == nil)
        }
    }

    @Test func theThreadOfAnEvent() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let (root, other) = (try await rooms.say("root", in: room), try await rooms.say("other", in: room))
            let inThread = try await reply("m.thread", to: root, in: room, rooms)
            let reaction = try await reply("m.annotation", to: inThread, in: room, rooms)
            let edit = try await reply("m.replace", to: root, in: room, rooms)
            let nowhere = try await reply("m.reference", to: EventID(trusted: "$nowhere"), in: room, rooms)
            func thread(_ event: EventID) throws -> ThreadID {
                try rooms.view.thread(of: #require(try rooms.view.timelineEvent(event)).event, in: room.shortID)
            }
            func isTarget(_ event: EventID, _ thread: ThreadID) throws -> Bool {
                try rooms.view.isReceiptTarget(#require(try rooms.view.timelineEvent(event)).event, ofThread: thread, in: room.shortID)
            }
            for event in [root, other, edit, nowhere] { #expect(try thread(event) == .main) }
            for event in [inThread, reaction] { #expect(try thread(event) == .root(root)) }
            for event in [root, inThread, reaction, edit] { #expect(try isTarget(event, .root(root))) }
            for event in [root, other, edit] { #expect(try isTarget(event, .main)) }
            for event in [inThread, reaction] { #expect(try !isTarget(event, .main)) }
            #expect(try !isTarget(other, .root(root)))
            // What nobody has answered in a thread is no root.
            #expect(try !isTarget(other, .root(other)))
        }
    }

    @Test func aThreadIsFoundByAFewSteps() async throws {
        try await TestRooms.session { rooms in
            let room = try await rooms.makeRoom()
            let root = try await rooms.say("root", in: room)
            var event = try await reply("m.thread", to: root, in: room, rooms)
            for _ in 1...3 { event = try await reply("m.reference", to: event, in: room, rooms) }
            let near = try #require(try rooms.view.timelineEvent(event)).event
            #expect(try rooms.view.thread(of: near, in: room.shortID) == .root(root))
            event = try await reply("m.reference", to: event, in: room, rooms)
            let far = try #require(try rooms.view.timelineEvent(event)).event
            #expect(try rooms.view.thread(of: far, in: room.shortID) == .main)
        }
    }

    @Test(arguments: [nil, ThreadID.main, .root(EventID(trusted: "$root"))])
    func receiptsComeBack(thread: ThreadID?) throws {
        let receipt = ReadReceipt(event: EventID(trusted: "$event"), order: -7, thread: thread, time: 5)
        #expect(try ReadReceipt(encoded: receipt.encoded) == receipt)
        #expect(ThreadID("") == nil && ThreadID("other") == nil && ThreadID("main") == .main)
    }
}
