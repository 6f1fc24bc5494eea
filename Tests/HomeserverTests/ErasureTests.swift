import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing
import TransitoryDatabase

@testable import Homeserver

/// What a closed account leaves behind, and who still sees what an erased user has sent ("Account deactivation").
@Suite struct ErasureTests {
    private static let carol = Requester(userID: UserID(trusted: "@carol:example.org"), deviceID: "CAROL")
    private static let dave = Requester(userID: UserID(trusted: "@dave:example.org"), deviceID: "DAVE")

    /// A room in which Bob has said things, and whose history newcomers see.
    private struct Conversation: Sendable {
        let room: RoomID
        let root: EventID
        let reply: EventID
        let reaction: EventID
        let topic: EventID
    }

    private func conversation(_ server: VirtualServer) async throws -> Conversation {
        try await server.homeserver.register("bob")
        let room = try await server.room()
        try await server.rooms.join(room, content: [:], by: Self.dave)
        func send(_ type: String, _ content: JSONObject, by user: Requester) async throws -> EventID {
            try await server.rooms.send(
                type, content, to: room, transactionID: server.homeserver.environment.random.alphanumeric(8), by: user)
        }
        func relation(_ type: String, to event: EventID) -> JSONObject {
            ["m.relates_to": ["rel_type": .string(type), "event_id": .string(event.string), "key": "+"]]
        }
        let root = try await send("m.room.message", ["body": "a secret", "msgtype": "m.text"], by: server.bob)
        var content = relation("m.thread", to: root)
        (content["body"], content["msgtype"]) = ("a whispered secret", "m.text")
        let reply = try await send("m.room.message", content, by: server.bob)
        let reaction = try await send("m.reaction", relation("m.annotation", to: root), by: server.alice)
        let topic = try await server.rooms.setState(.topic, ["topic": "Bob's secrets"], in: room, by: server.bob)
        try await server.rooms.leave(room, reason: nil, by: Self.dave)
        return Conversation(room: room, root: root, reply: reply, reaction: reaction, topic: topic)
    }

    private func content(_ event: EventID, in room: RoomID, _ server: VirtualServer, for user: Requester) throws -> JSONValue? {
        try server.rooms.event(event, in: room, for: user).json()["content"]
    }

    @Test func whoWasThereSeesEverythingAndNewcomersNothing() throws {
        try VirtualServer.run { server in
            let talk = try await conversation(server)
            try await server.homeserver.deactivate("bob", isErased: true)
            try await server.wait(1000)
            try await server.rooms.join(talk.room, content: [:], by: Self.carol)

            for user in [server.alice, Self.dave] {
                #expect(try content(talk.root, in: talk.room, server, for: user)?["body"] == "a secret")
                let all = try server.rooms.messages(of: talk.room, MessagesRequest(isBackward: true, limit: 100), for: user)
                #expect(String(decoding: all, as: UTF8.self).contains("a whispered secret"))
            }
            #expect(try content(talk.root, in: talk.room, server, for: Self.carol) == [:])
            #expect(try content(talk.reply, in: talk.room, server, for: Self.carol) == [:])
            #expect(try content(talk.topic, in: talk.room, server, for: Self.carol) == [:])
            // The events of others stay as they are, and no event is redacted.
            #expect(try content(talk.reaction, in: talk.room, server, for: Self.carol)?["m.relates_to", "key"] == "+")
            #expect(try server.rooms.event(talk.root, in: talk.room, for: Self.carol).json()["unsigned", "redacted_because"] == nil)

            let rooms = server.rooms
            var answers = [
                try rooms.messages(of: talk.room, MessagesRequest(isBackward: true, limit: 100), for: Self.carol),
                try rooms.messages(of: talk.room, MessagesRequest(isBackward: false, limit: 100), for: Self.carol),
                try rooms.context(
                    of: talk.reaction, in: talk.room, limit: 20, filter: EventFilter(["types": ["m.room.message"]]), for: Self.carol),
                try rooms.relations(of: talk.root, in: talk.room, RelationsRequest(limit: 10), for: Self.carol),
                try rooms.threads(of: talk.room, .all, from: nil, limit: 10, for: Self.carol),
            ]
            let filter: JSONObject = ["room": ["timeline": ["limit": 50], "state": ["types": []]]]
            answers.append(try await server.sync(filter: filter, by: Self.carol).answer.encoded())
            for (number, answer) in answers.enumerated() {
                let text = String(decoding: answer, as: UTF8.self)
                #expect(text.contains(talk.root.string), "\(number)")
                #expect(!text.contains("secret"), "\(number)")
            }
        }
    }

    @Test func whatNewcomersMayNotReadTheyDoNotFind() throws {
        try VirtualServer.run { server in
            let talk = try await conversation(server)
            try await server.homeserver.deactivate("bob", isErased: true)
            try await server.rooms.join(talk.room, content: [:], by: Self.carol)
            func count(_ user: Requester) throws -> Int? {
                let request = try SearchRequest(["search_term": "secret", "order_by": "recent"], token: nil)
                return try server.rooms.search(request, for: user).json()["results"]?.arrayValue?.count
            }
            #expect(try count(server.alice) == 2)
            #expect(try count(Self.carol) == 0)
        }
    }

    @Test func withoutErasureNewcomersSeeEverything() throws {
        try VirtualServer.run { server in
            let talk = try await conversation(server)
            try await server.homeserver.deactivate("bob")
            try await server.rooms.join(talk.room, content: [:], by: Self.carol)
            #expect(try content(talk.root, in: talk.room, server, for: Self.carol)?["body"] == "a secret")
        }
    }

    @Test(arguments: [true, false]) func nothingElseIsLeft(_ isErased: Bool) throws {
        try VirtualServer.run { server in
            let talk = try await conversation(server)
            let homeserver = server.homeserver
            for type in ["m.read", "m.read.private"] {
                try await homeserver.receipts.set(
                    ReadMarkers(type: type, event: talk.reaction, threadID: nil), in: talk.room, by: server.bob)
                try await homeserver.receipts.set(
                    ReadMarkers(type: type, event: talk.reply, threadID: .string(talk.root.string)), in: talk.room, by: server.bob)
            }
            try await homeserver.presence.set(.online, statusMessage: "at sea", of: server.bob.userID, by: server.bob)
            try await homeserver.profiles.set("displayname", to: "Bob", of: server.bob.userID, by: server.bob)
            try await homeserver.pushers.set(
                PusherRequest(
                    appID: "app", pushKey: "key", appDisplayName: "", deviceDisplayName: "", language: "en",
                    data: ["url": "https://gateway.example/_matrix/push/v1/notify"]), for: server.bob)
            // A room that was left before.
            let left = try await server.room()
            let event = try await server.rooms.setState(.topic, ["topic": "x"], in: left, by: server.alice)
            try await homeserver.receipts.set(ReadMarkers(type: "m.read", event: event, threadID: nil), in: left, by: server.bob)
            try await server.rooms.leave(left, reason: nil, by: server.bob)
            try await server.settle()

            try await homeserver.deactivate("bob", isErased: isErased)
            while try !homeserver.background.roomsJobs.all().isEmpty { try await server.wait(10) }
            try await server.wait(60 * 60 * 1000)
            let presence = try homeserver.presence.status(of: server.bob.userID, for: server.bob)
            #expect(presence["presence"] == "offline" && presence["status_msg"] == nil)
            await expect(.notFound, 404) { try homeserver.profiles.profile(of: server.bob.userID) }
            #expect(try homeserver.pushers.list(for: server.bob).isEmpty)
            let view = server.rooms.database.view()
            for room in [talk.room, left] {
                let shortID = try #require(try view.shortID(of: room))
                #expect(try view.readPositions(of: server.bob.userID, in: shortID).newestChange == .zero)
                #expect(try view.receipts(in: shortID, after: nil).allSatisfy { $0.user != server.bob.userID })
                #expect(try view.privateReceipts(of: server.bob.userID, in: shortID, after: nil).isEmpty)
            }
            #expect(try view.isErased(server.bob.userID) == isErased)
        }
    }
}
