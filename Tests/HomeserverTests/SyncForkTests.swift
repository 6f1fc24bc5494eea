import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

@testable import Homeserver

/// What a sync tells of a room that other servers' events have forked, or in which something is missing.
@Suite struct SyncForkTests {
    private static let eve = UserID(trusted: "@eve:remote.example")

    /// An event of the room as somebody's server makes it, whose rights are those of the current state.
    private func event(
        _ key: StateKey?, _ content: JSONObject, by sender: UserID, after previous: [EventID]?, in room: Room, _ server: SyncServer
    ) throws -> Event {
        let view = server.homeserver.rooms.database.view()
        let template = EventTemplate(
            type: key?.type ?? "m.room.message", stateKey: key?.key, content: content, sender: sender, roomID: room.id)
        let extremities = try view.extremities(of: room.shortID)
        let rights = try Authorization.authEventKeys(for: template, version: room.version).compactMap {
            try view.currentEvent($0, in: room.shortID).map { EventReference($0.id) }
        }
        return try Event.build(
            template, version: room.version,
            prevEvents: try (previous ?? view.eventIDs(of: extremities.map(\.event))).map { EventReference($0) },
            authEvents: rights, depth: (extremities.map(\.depth).max() ?? 0) + 1, originServerTS: 1_000, serverName: sender.serverName,
            signingKey: server.homeserver.settings.signingKey)
    }

    private func receive(_ event: Event, before given: GivenState? = nil, in room: Room, _ server: SyncServer) async throws {
        let receipt = try await server.homeserver.rooms.database.receive(event, version: room.version, before: given)
        guard case .accepted = receipt else {
            Issue.record("\(event): \(receipt)")
            return
        }
    }

    /// A room with Alice, Bob, and Eve of another server, who may set topics.
    private func session(_ body: (SyncServer, Room) async throws -> Void) async throws {
        try await SyncServer.run { server in
            let id = try await server.room(.publicChat, with: server.bob)
            let room = try #require(try server.homeserver.rooms.database.room(id))
            try await receive(
                event(.member(Self.eve), ["membership": "join"], by: Self.eve, after: nil, in: room, server), in: room, server)
            let levels: JSONObject = ["users": [.init(Self.eve.string): 50]]
            _ = try await server.homeserver.rooms.setState(.powerLevels, levels, in: id, by: server.alice)
            try await body(server, room)
        }
    }

    @Test func stateThatAResolutionBringsIsTold() async throws {
        try await session { server, room in
            try await server.setTopic("Alice's", in: room.id)
            let topic = try event(.topic, ["topic": "Eve's"], by: Self.eve, after: nil, in: room, server)
            let demotion = try event(.powerLevels, [:], by: server.alice.userID, after: nil, in: room, server)
            try await receive(topic, in: room, server)
            let (first, since) = try await server.sync()
            let known = first["rooms", "join", room.id.string, "timeline", "events"]?.arrayValue ?? []
            #expect(known.last?["content", "topic"] == "Eve's")

            // Made at the same time, it takes the right away by which the topic was set: the one before is in force again.
            try await receive(demotion, in: room, server)
            let answer = try await server.sync(since: since).answer
            let joined = try #require(answer["rooms", "join", room.id.string])
            #expect(joined["timeline", "events"]?.arrayValue?.map { $0["event_id"] } == [.string(demotion.id.string)])
            #expect(joined["state", "events"]?.arrayValue?.compactMap { $0["content", "topic"] } == ["Alice's"])
        }
    }

    @Test func aTimelineEndsAtAGap() async throws {
        try await session { server, room in
            let since = try await server.sync().next
            try await server.say("before", in: room.id, by: server.alice)
            let view = server.homeserver.rooms.database.view()
            let state = GivenState(try view.eventIDs(of: view.currentEntries(of: room.shortID).map(\.event)))
            let missing = EventID(trusted: "$missing")
            let message = try event(nil, ["body": "after"], by: Self.eve, after: [missing], in: room, server)
            try await receive(message, before: state, in: room, server)
            try await server.say("at the end", in: room.id, by: server.alice)
            for since in [since, nil] {
                let answer = try await server.sync(since: since).answer
                let timeline = try #require(answer["rooms", "join", room.id.string, "timeline"])
                #expect(timeline["events"]?.arrayValue?.compactMap { $0["content", "body"] } == ["after", "at the end"])
                #expect(timeline["limited"] == true)
            }
        }
    }
}
