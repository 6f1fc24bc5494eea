import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Receipts" and "Read and unread markers".
@Suite struct ReceiptsTests {
    /// Alice's room with Bob, some messages, and a thread.
    private struct Conversation {
        let server: SyncServer
        let room: RoomID
        let messages: [EventID]
        /// In the thread whose root is the first message.
        let reply: EventID

        init(_ server: SyncServer) async throws {
            self.server = server
            room = try await server.room(.publicChat, with: server.bob, server.carol)
            var messages: [EventID] = []
            for number in 0..<3 {
                let content: JSONObject = ["body": .string("\(number)")]
                messages.append(
                    try await server.homeserver.rooms.send(
                        "m.room.message", content, to: room, transactionID: "\(number)", by: server.alice))
            }
            self.messages = messages
            reply = try await server.homeserver.rooms.send(
                "m.room.message",
                ["body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(messages[0].string)]], to: room,
                transactionID: "reply", by: server.alice)
        }

        /// Bob's receipt, unless told otherwise.
        func read(_ event: EventID, _ type: String = "m.read", thread: JSONValue? = nil, by user: Requester? = nil) async throws {
            let markers = try ReadMarkers(type: type, event: event, threadID: thread)
            try await server.homeserver.receipts.set(markers, in: room, by: user ?? server.bob)
        }

        func mark(_ body: JSONObject) async throws {
            try await server.homeserver.receipts.set(ReadMarkers(body), in: room, by: server.bob)
        }

        /// The content of `m.receipt`, without the times.
        func receipts(since: SyncToken? = nil, filter: JSONObject = [:], by user: Requester? = nil) async throws -> JSONValue? {
            let content = try await server.sync(since: since, filter: filter, by: user).answer.ephemeral("m.receipt", in: room)
            guard let events = content?.objectValue else { return nil }
            var plain: JSONObject = [:]
            for (event, types) in events {
                for (type, users) in types.objectValue ?? [:] {
                    for (user, receipt) in users.objectValue ?? [:] {
                        #expect(receipt["ts"]?.integerValue ?? 0 > 1_700_000_000_000)
                        let thread = receipt["thread_id"]?.stringValue ?? "-"
                        plain["\(event) \(type) \(user)"] = .string(thread)
                    }
                }
            }
            return .object(plain)
        }

        func fullyRead() async throws -> String? {
            let content = try? server.homeserver.accounts.accountData(
                of: server.bob.userID, in: room, type: "m.fully_read", for: server.bob)
            return try content?.json()["event_id"]?.stringValue
        }
    }

    private static let bob = "@bob:example.org"

    @Test func receiptsAreToldOnceAndReplaced() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let start = try await server.sync(by: server.alice).next
            let (first, second) = (talk.messages[0], talk.messages[1])
            try await talk.read(first)
            #expect(try await talk.receipts(since: start, by: server.alice) == .object(["\(first) m.read \(Self.bob)": "-"]))
            let next = try await server.sync(since: start, by: server.alice).next
            #expect(try await server.sync(since: next, by: server.alice).answer["rooms"] == nil)
            try await talk.read(second)
            // What has been replaced is told to nobody any more.
            for since in [start, next, nil] {
                #expect(try await talk.receipts(since: since, by: server.alice) == .object(["\(second) m.read \(Self.bob)": "-"]))
            }
            // A receipt for an earlier event changes nothing.
            let end = try await server.sync(since: next, by: server.alice).next
            try await talk.read(first)
            try await talk.read(second)
            #expect(try await server.sync(since: end, by: server.alice).answer["rooms"] == nil)
        }
    }

    @Test func privateReceiptsAreOnesOwn() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let (hers, his) = (try await server.sync(by: server.alice).next, try await server.sync().next)
            try await talk.read(talk.messages[1], "m.read.private")
            #expect(try await server.sync(since: hers, by: server.alice).answer["rooms"] == nil)
            let expected: JSONObject = ["\(talk.messages[1]) m.read.private \(Self.bob)": "-"]
            #expect(try await talk.receipts(since: his) == .object(expected))
            #expect(try await talk.receipts() == .object(expected))
            #expect(try await talk.receipts(by: server.alice) == nil)
            // A public receipt may lag behind.
            try await talk.read(talk.messages[0])
            #expect(try await talk.receipts(since: hers, by: server.alice) == .object(["\(talk.messages[0]) m.read \(Self.bob)": "-"]))
        }
    }

    @Test func threadsHaveReceiptsOfTheirOwn() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let root = talk.messages[0]
            try await talk.read(talk.messages[2])
            try await talk.read(talk.messages[1], thread: "main")
            try await talk.read(talk.reply, thread: .string(root.string))
            let expected: JSONObject = [
                "\(talk.messages[2]) m.read \(Self.bob)": "-", "\(talk.messages[1]) m.read \(Self.bob)": "main",
                "\(talk.reply) m.read \(Self.bob)": .string(root.string),
            ]
            #expect(try await talk.receipts(by: server.alice) == .object(expected))
            // One for the whole room says more (MSC4102).
            try await talk.read(talk.messages[2], thread: "main")
            let merged = try await talk.receipts(by: server.alice)
            #expect(merged?["\(talk.messages[2]) m.read \(Self.bob)"] == "-")
        }
    }

    @Test func aReceiptForTheRoomTakesThePlaceOfThoseOfThreads() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let (root, last) = (talk.messages[0], talk.messages[2])
            try await talk.read(talk.messages[1], thread: "main")
            try await talk.read(talk.messages[1], "m.read.private", thread: "main")
            try await talk.read(talk.reply, thread: .string(root.string))
            try await talk.read(last)
            // What goes further stays, and so does what is of another kind.
            let seen: JSONObject = ["\(last) m.read \(Self.bob)": "-", "\(talk.reply) m.read \(Self.bob)": .string(root.string)]
            #expect(try await talk.receipts(by: server.alice) == .object(seen))
            var own = seen
            own["\(talk.messages[1]) m.read.private \(Self.bob)"] = "main"
            #expect(try await talk.receipts() == .object(own))
            try await talk.read(talk.reply)
            #expect(try await talk.receipts(by: server.alice) == .object(["\(talk.reply) m.read \(Self.bob)": "-"]))
        }
    }

    @Test func theThreadMustFit() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let root: JSONValue = .string(talk.messages[0].string)
            for thread: JSONValue in ["", 1, .null, "other", ["main"]] {
                await expect(.invalidParameter, 400) { try await talk.read(talk.reply, thread: thread) }
            }
            await expect(.invalidParameter, 400) { try await talk.read(talk.reply, "m.fully_read", thread: root) }
            await expect(.invalidParameter, 400) { try await talk.read(talk.reply, thread: "main") }
            await expect(.invalidParameter, 400) { try await talk.read(talk.messages[1], thread: root) }
            await expect(.invalidParameter, 400) {
                try await talk.read(talk.messages[1], thread: .string(talk.messages[1].string))
            }
            await expect(.invalidParameter, 400) { try await talk.read(talk.reply, thread: "$nothing") }
            try await talk.read(talk.messages[0], thread: root)
            try await talk.read(talk.messages[0], thread: "main")
        }
    }

    @Test func whoMayNotReadMayNotMark() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let stranger = Requester(userID: UserID(trusted: "@stranger:example.org"), deviceID: "S")
            await expect(.forbidden, 403) { try await talk.read(talk.messages[0], by: stranger) }
            try await server.homeserver.rooms.leave(talk.room, reason: nil, by: server.carol)
            await expect(.forbidden, 403) { try await talk.read(talk.messages[0], by: server.carol) }
            let other = try await Conversation(server)
            await expect(.notFound, 404) { try await talk.read(EventID(trusted: "$nothing"), "m.fully_read") }
            await expect(.notFound, 404) { try await talk.mark(["m.fully_read": .string(other.messages[0].string)]) }
            await expect(.invalidParameter, 400) { try await talk.read(talk.messages[0], "m.unread") }
            await expect(.badJSON, 400) { try await talk.mark(["m.read": 1]) }
            await expect(.invalidParameter, 400) { try await talk.mark(["m.read": "nothing"]) }
        }
    }

    /// It may have been purged.
    @Test func aReceiptForAnEventThatIsNotThereChangesNothing() async throws {
        try await SyncServer.run { server in
            let (talk, other) = (try await Conversation(server), try await Conversation(server))
            for event in [EventID(trusted: "$nothing"), other.messages[0]] { try await talk.read(event) }
            #expect(try await talk.receipts() == nil)
            let known = talk.messages[1].string
            try await talk.mark(["m.fully_read": .string(known), "m.read": "$nothing", "m.read.private": .string(known)])
            #expect(try await talk.fullyRead() == known)
            #expect(try await talk.receipts() == .object(["\(known) m.read.private \(Self.bob)": "-"]))
        }
    }

    @Test func whatOneCanNotSeeOneCanNotRead() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat)
            _ = try await server.homeserver.rooms.setState(.historyVisibility, ["history_visibility": "joined"], in: room, by: server.alice)
            func say(_ text: String) async throws -> EventID {
                try await server.homeserver.rooms.send(
                    "m.room.message", ["body": .string(text)], to: room, transactionID: text, by: server.alice)
            }
            let before = try await say("before")
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            func read(_ event: EventID) async throws {
                let markers = try ReadMarkers(type: "m.read", event: event, threadID: nil)
                try await server.homeserver.receipts.set(markers, in: room, by: server.bob)
            }
            await expect(.forbidden, 403) { try await read(before) }
            try await read(say("after"))
        }
    }

    @Test func theFullyReadMarkerGoesForward() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            #expect(try await talk.fullyRead() == nil)
            let start = try await server.sync().next
            try await talk.read(talk.messages[1], "m.fully_read")
            #expect(try await talk.fullyRead() == talk.messages[1].string)
            let (answer, next) = try await server.sync(since: start)
            let room = answer["rooms", "join", talk.room.string]
            let marker: JSONValue = ["type": "m.fully_read", "content": ["event_id": .string(talk.messages[1].string)]]
            #expect(room?["account_data", "events"] == [marker])
            #expect(room?["ephemeral", "events"] == [])
            for earlier in [talk.messages[0], talk.messages[1]] { try await talk.read(earlier, "m.fully_read") }
            #expect(try await talk.fullyRead() == talk.messages[1].string)
            #expect(try await server.sync(since: next).answer["rooms"] == nil)
            try await talk.read(talk.messages[2], "m.fully_read")
            #expect(try await talk.fullyRead() == talk.messages[2].string)
        }
    }

    @Test func markersAreSetTogether() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let ids = talk.messages.map { JSONValue.string($0.string) }
            try await talk.mark(["m.fully_read": ids[0], "m.read": ids[1], "m.read.private": ids[2], "org.example": 1])
            #expect(try await talk.fullyRead() == talk.messages[0].string)
            let expected: JSONObject = [
                "\(talk.messages[1]) m.read \(Self.bob)": "-", "\(talk.messages[2]) m.read.private \(Self.bob)": "-",
            ]
            #expect(try await talk.receipts() == .object(expected))
            try await talk.mark([:])
            try await talk.mark(["m.read": .null])
        }
    }

    @Test func filtersAndIgnoredUsers() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let start = try await server.sync().next
            try await talk.read(talk.messages[1], by: server.alice)
            let filters: [JSONObject] = [
                ["types": ["m.typing"]], ["not_types": ["m.receipt"]], ["rooms": ["!other:example.org"]],
                ["senders": ["@alice:example.org"]],
            ]
            for filter in filters {
                let whole: JSONObject = ["room": ["ephemeral": .object(filter)]]
                #expect(try await talk.receipts(filter: whole) == nil)
                #expect(try await server.sync(since: start, filter: whole).answer["rooms"] == nil)
            }
            try await server.set("m.ignored_user_list", ["ignored_users": ["@alice:example.org": [:]]], of: server.bob)
            #expect(try await talk.receipts() == nil)
            #expect(try await server.sync(since: start).answer["rooms"] == nil)
        }
    }

    @Test func aRoomThatIsNewComesWithItsReceipts() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            try await talk.read(talk.messages[1])
            let dave = Requester(userID: UserID(trusted: "@dave:example.org"), deviceID: "DAVE")
            let start = try await server.sync(by: dave).next
            try await server.homeserver.rooms.join(talk.room, content: [:], by: dave)
            #expect(try await talk.receipts(since: start, by: dave) == .object(["\(talk.messages[1]) m.read \(Self.bob)": "-"]))
        }
    }

    @Test func receiptsAreFoundWhenTheLogIsLong() async throws {
        try await SyncServer.run { server in
            let talk = try await Conversation(server)
            let start = try await server.sync().next
            try await talk.read(talk.messages[0], by: server.alice)
            try await talk.read(talk.messages[1], "m.read.private")
            try await withThrowingTaskGroup(of: Void.self) { group in
                let noise = try await server.room(.publicChat)
                for number in 0..<1000 { group.addTask { try await server.say("\(number)", in: noise, by: server.alice) } }
                try await group.waitForAll()
            }
            let expected: JSONObject = [
                "\(talk.messages[0]) m.read @alice:example.org": "-", "\(talk.messages[1]) m.read.private \(Self.bob)": "-",
            ]
            #expect(try await talk.receipts(since: start) == .object(expected))
        }
    }
}
