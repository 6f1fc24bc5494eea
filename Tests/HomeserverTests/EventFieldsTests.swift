import CanonicalJSON
import Testing

@testable import Homeserver

/// `event_fields` of filters.
@Suite struct EventFieldsTests {
    private static let event: JSONObject = [
        "type": "m.room.message", "sender": "@alice:example.org",
        "content": ["body": "x", "msgtype": "m.text", "m.relates_to": ["a": 1, "b": 2]],
    ]

    private func select(_ fields: String...) throws -> JSONObject {
        try #require(EventFields(fields)).select(from: Self.event)
    }

    @Test func fieldsAreSelected() throws {
        #expect(try select("type", "content.body") == ["type": "m.room.message", "content": ["body": "x"]])
        #expect(try select("content") == ["content": Self.event["content"] ?? .null])
        #expect(
            try select("content.m\\.relates_to.a", "content.m\\.relates_to.b", "content.body")["content"]
                == ["m.relates_to": ["a": 1, "b": 2], "body": "x"])
    }

    @Test func whatIsNotThereIsNotSelected() throws {
        #expect(try select("unsigned", "content.unknown", "content.body.more", "content.m.relates_to", "") == [:])
    }

    /// "Dot-separated property paths".
    @Test func backslashesEscape() throws {
        let event: JSONObject = ["m.foo": ["b\\ar": 1, "\\x": 2], "end\\": 3]
        for (field, selected) in [
            ("m\\.foo.b\\\\ar", ["m.foo": ["b\\ar": 1]]), ("m\\.foo.\\x", ["m.foo": ["\\x": 2]]), ("end\\", ["end\\": 3]),
        ] as [(String, JSONObject)] {
            #expect(try #require(EventFields([field])).select(from: event) == selected)
        }
    }

    @Test func noFieldsMeanAll() {
        #expect(EventFields([]) == nil)
    }

    @Test func syncTellsOfTheWantedFields() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            try await server.say("hello", in: room, by: server.alice)
            let filter: JSONObject = ["event_fields": ["content.body", "sender"], "room": ["timeline": ["limit": 1]]]
            let events = try await server.sync(filter: filter).answer["rooms", "join", room.string, "timeline", "events"]
            #expect(events == [["content": ["body": "hello"], "sender": "@alice:example.org"]])
        }
    }
}
