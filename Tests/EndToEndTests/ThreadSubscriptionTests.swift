import CanonicalJSON
import Testing

/// Which threads users follow (MSC4306, MSC4308).
@Suite(.fewAtATime) struct ThreadSubscriptionTests {
    private static let api = "/_matrix/client/unstable/io.element.msc4306"
    private static let listAPI = "/_matrix/client/unstable/io.element.msc4308"

    @Test func followingAThread() async throws {
        let alice = try await newUser("alice")
        let room = try await alice.createRoom()
        let root = try await alice.send("root", to: room)
        let path = "\(Self.api)/rooms/\(MatrixTestClient.encoded(room))/thread/\(MatrixTestClient.encoded(root))/subscription"
        func put(_ body: String) async throws -> Response { try await alice.request("PUT", path, body: Array(body.utf8)) }
        func get() async throws -> Response { try await alice.request("GET", path) }

        try await get().fails(404, "M_NOT_FOUND")
        #expect(try await put("{}").ok() == [:])
        #expect(try await get().ok() == ["automatic": false])
        let list = try await alice.get("thread_subscriptions", query: [("dir", "b")], api: Self.listAPI).ok()
        #expect(list["subscribed", room, root, "automatic"] == false)
        #expect(try await alice.request("DELETE", path).ok() == [:])
        #expect(try await alice.request("DELETE", path).ok() == [:])
        try await get().fails(404, "M_NOT_FOUND")

        try await put(#"{"automatic": "\#(root)"}"#).fails(400, "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD")
        try await put(#"{"automatic": "no event"}"#).fails(400, "M_INVALID_PARAM")
        try await put(#"{"automatic": 1}"#).fails(400, "M_BAD_JSON")
        let reply: JSONValue = ["body": "reply", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root)]]
        let sent = try await alice.put("rooms", room, "send", "m.room.message", unique("transaction"), body: reply).ok()
        let cause = try #require(sent["event_id"]?.stringValue)
        #expect(try await put(#"{"automatic": "\#(cause)"}"#).ok() == [:])
        #expect(try await get().ok() == ["automatic": true])
        try await alice.request("DELETE", path).ok()
        try await put(#"{"automatic": "\#(cause)"}"#).fails(409, "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION")

        let malformed = "\(Self.api)/rooms/\(MatrixTestClient.encoded(room))/thread/nothing/subscription"
        try await alice.request("GET", malformed).fails(400, "M_INVALID_PARAM")
        try await anybody().request("GET", path).fails(401, "M_MISSING_TOKEN")
    }

    @Test(arguments: [
        [], [("dir", "f")], [("dir", "b"), ("limit", "0")], [("dir", "b"), ("limit", "513")], [("dir", "b"), ("from", "nothing")],
        [("dir", "b"), ("to", "nothing")],
    ])
    func malformedListsAreRefused(_ query: [(String, String)]) async throws {
        let alice = try await newUser("alice")
        try await alice.get("thread_subscriptions", query: query, api: Self.listAPI).fails(400, "M_INVALID_PARAM", "M_MISSING_PARAM")
    }
}
