import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import TestSupport
import Testing

@testable import Homeserver

/// "Receiving notifications": how many unread events there are, in the whole room and by thread.
@Suite struct UnreadCountsTests {
    @Test func messagesAndMentionsCount() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.carol)
            try await server.say("before", in: room, by: server.alice)
            try await server.homeserver.rooms.join(room, content: [:], by: server.bob)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
            let since = try await server.sync(by: server.bob).next
            try await server.say("one", in: room, by: server.alice)
            try await server.say("notice", ["msgtype": "m.notice"], in: room, by: server.alice)
            try await server.say("two", server.mentioning(server.bob), in: room, by: server.carol)
            let (answer, next) = try await server.sync(since: since, by: server.bob)
            #expect(PushServer.counts(answer["rooms", "join", room.string, "unread_notifications"]) == [2, 1])
            #expect(answer["rooms", "join", room.string, "unread_thread_notifications"] == nil)
            #expect(try await server.counts(of: room, for: server.bob) == [2, 1])
            #expect(try await server.counts(of: room, for: server.alice) == [1, 0])
            try await server.say("three", in: room, by: server.alice)
            let later = try await server.sync(since: next, by: server.bob).answer
            #expect(PushServer.counts(later["rooms", "join", room.string, "unread_notifications"]) == [3, 1])
        }
    }

    @Test(arguments: ReadReceipt.Kind.allCases)
    func receiptsInTheMiddleLeaveWhatComesAfter(_ kind: ReadReceipt.Kind) async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            var events: [EventID] = []
            for number in 1...4 { events.append(try await server.say("\(number)", in: room, by: server.alice)) }
            #expect(try await server.counts(of: room, for: server.bob) == [4, 0])
            try await server.read(events[1], in: room, by: server.bob, kind)
            #expect(try await server.counts(of: room, for: server.bob) == [2, 0])
            // A receipt that is behind changes nothing.
            try await server.read(events[0], in: room, by: server.bob, kind == .readPrivate ? .read : .readPrivate)
            #expect(try await server.counts(of: room, for: server.bob) == [2, 0])
            try await server.read(events[3], in: room, by: server.bob, kind)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
            try await server.say("5", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 0])
        }
    }

    @Test func aReceiptAloneIsToldOf() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            let event = try await server.say("one", in: room, by: server.alice)
            let since = try await server.sync(by: server.bob).next
            try await server.read(event, in: room, by: server.bob)
            let answer = try await server.sync(since: since, by: server.bob).answer
            #expect(PushServer.counts(answer["rooms", "join", room.string, "unread_notifications"]) == [0, 0])
        }
    }

    @Test func whoAnswersHasRead() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.say("one", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 0])
            try await server.say("answer", in: room, by: server.bob)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
            try await server.say("two", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 0])
        }
    }

    @Test func whoFollowsThreadsIsToldOfThese() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            let (followed, other) = (
                try await server.say("a", in: room, by: server.alice), try await server.say("b", in: room, by: server.alice)
            )
            func reply() async throws {
                for root in [followed, other] { try await server.say("reply", server.inThread(root), in: room, by: server.alice) }
            }
            // Who has never said which threads to follow is told of all.
            try await reply()
            #expect(try await server.counts(of: room, for: server.bob) == [4, 0])
            try await server.homeserver.rooms.subscribe(to: followed, in: room, by: server.bob)
            try await reply()
            #expect(try await server.counts(of: room, for: server.bob) == [5, 0])
            var mention = server.inThread(other)
            mention["m.mentions"] = server.mentioning(server.bob)["m.mentions"]
            try await server.say("you", mention, in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [6, 1])
            try await server.homeserver.rooms.unsubscribe(from: followed, in: room, by: server.bob)
            try await reply()
            #expect(try await server.counts(of: room, for: server.bob) == [6, 1])
        }
    }

    @Test func threadsAreCountedApart() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            let root = try await server.say("root", in: room, by: server.alice)
            let other = try await server.say("other", in: room, by: server.alice)
            let first = try await server.say("reply", server.inThread(root), in: room, by: server.alice)
            let mention = server.mentioning(server.bob)["m.mentions"]
            var content = server.inThread(root)
            content["m.mentions"] = mention
            try await server.say("mention", content, in: room, by: server.alice)
            // What relates to a thread's event is in the thread.
            try await server.say(
                "reference", ["m.relates_to": ["rel_type": "m.reference", "event_id": .string(first.string)]], in: room, by: server.alice)
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [2, 0], root.string: [3, 1]])
            #expect(try await server.counts(of: room, for: server.bob) == [5, 1])

            try await server.read(first, in: room, by: server.bob, thread: .root(root))
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [2, 0], root.string: [2, 1]])
            try await server.read(other, in: room, by: server.bob, thread: .main)
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [0, 0], root.string: [2, 1]])
            try await server.say("answer", server.inThread(root), in: room, by: server.bob)
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [0, 0]])
            let last = try await server.say("last", server.inThread(root), in: room, by: server.alice)
            try await server.say("main", in: room, by: server.alice)
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [1, 0], root.string: [1, 0]])
            // An unthreaded receipt is for all threads.
            try await server.read(last, in: room, by: server.bob)
            #expect(try await server.threadCounts(of: room, for: server.bob) == ["main": [1, 0]])
        }
    }

    @Test func whatIsRedactedNoLongerCounts() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.say("one", in: room, by: server.alice)
            let event = try await server.say("two", server.mentioning(server.bob), in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [2, 1])
            _ = try await server.homeserver.rooms.redact(event, content: [:], in: room, transactionID: "redaction", by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 0])
        }
    }

    @Test func ignoredUsersDoNotCount() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob, server.carol)
            let ignored: JSONObject = ["ignored_users": ["@carol:example.org": [:]]]
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list", to: ignored.encoded(), for: server.bob)
            try await server.say("one", in: room, by: server.carol)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
        }
    }

    @Test func theUsersOwnRulesCount() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            let rules = server.homeserver.pushRules
            try await rules.set(PushRule(id: room.string, actions: []), .room, at: .any, of: server.bob)
            try await server.say("one", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
            try await rules.set(
                PushRule(id: "cake", pattern: "cake", actions: ["notify", ["set_tweak": "highlight"]]), .content, at: .any, of: server.bob)
            try await server.say("cake", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 1])
            try await rules.remove("cake", .content, of: server.bob)
            try await server.say("cake", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 1])
        }
    }

    @Test func countsAreTheSameAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let room = try await PushServer.run(on: directory) { server in
            let room = try await server.room(with: server.bob)
            let root = try await server.say("root", server.mentioning(server.bob), in: room, by: server.alice)
            for number in 0..<30 { try await server.say("\(number)", server.inThread(root), in: room, by: server.alice) }
            #expect(try await server.counts(of: room, for: server.bob) == [31, 1])
            try await server.say("one more", in: room, by: server.alice)
            // They are written down by now.
            let view = server.homeserver.rooms.database.view()
            let stored = try view.shortID(of: room).flatMap { try view.unreadCounts(of: server.bob.userID, in: $0) }
            #expect(stored?.notifications.counts == [.main: 1, .root(root): 30])
            #expect(stored?.highlights.counts == [.main: 1])
            return room
        }
        try await PushServer.run(on: directory) { server in
            let counts = try await server.counts(of: room, for: server.bob)
            #expect(counts == [32, 1])
            let threads = try await server.threadCounts(of: room, for: server.bob)
            #expect(threads["main"] == [2, 1])
        }
    }
}
