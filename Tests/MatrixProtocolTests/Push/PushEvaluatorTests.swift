import CanonicalJSON
import MatrixProtocol
import Testing

/// Which rule matches an event.
@Suite struct PushEvaluatorTests {
    private func actions(
        for event: JSONObject, in room: TestPushRoom = TestPushRoom(), _ change: (inout PushRuleset) -> Void = { _ in }
    ) throws -> [JSONValue]? {
        var ruleset = PushRuleset(nil, of: pushUser)
        change(&ruleset)
        return try PushEvaluator(ruleset, of: pushUser).actions(for: pushEvent(event), in: room)
    }

    private func message(_ body: String, _ more: JSONObject = [:]) -> JSONObject {
        var content: JSONObject = ["msgtype": "m.text", "body": .string(body)]
        for (key, value) in more { content[key] = value }
        return ["content": .object(content)]
    }

    private let sound: JSONValue = ["set_tweak": "sound", "value": "default"]
    private let highlight: JSONValue = ["set_tweak": "highlight"]

    @Test func messagesNotify() throws {
        #expect(try actions(for: message("hello")) == ["notify"])
        #expect(try actions(for: message("hello"), in: TestPushRoom(members: 2)) == ["notify", sound])
        #expect(try actions(for: ["type": "m.room.encrypted"]) == ["notify"])
        #expect(try actions(for: ["type": "m.room.encrypted"], in: TestPushRoom(members: 2)) == ["notify", sound])
        #expect(try actions(for: message("hello", ["msgtype": "m.notice"])) == [])
        #expect(try actions(for: ["type": "m.room.topic", "state_key": ""]) == nil)
        #expect(try actions(for: ["type": "m.reaction"]) == [])
        #expect(try actions(for: message("* hello", ["m.relates_to": ["rel_type": "m.replace", "event_id": "$a"]])) == [])
        #expect(try actions(for: ["type": "m.room.tombstone", "state_key": ""]) == ["notify", highlight])
        #expect(try actions(for: ["type": "m.room.tombstone"]) == nil)
        #expect(try actions(for: ["type": "m.call.invite"]) == ["notify", ["set_tweak": "sound", "value": "ring"]])
        #expect(try actions(for: ["type": "org.matrix.msc3381.poll.start"], in: TestPushRoom(members: 2)) == ["notify", sound])
        #expect(try actions(for: ["type": "org.matrix.msc3381.poll.end"]) == ["notify"])
        #expect(try actions(for: ["type": "org.matrix.msc3381.poll.response"]) == [])
    }

    /// MSC4306: a mention always notifies, a reply in a thread only whom follows it, whatever the room's own rule says.
    @Test func repliesInThreadsNotifyWhoFollowsThem() throws {
        let inThread: JSONObject = ["m.relates_to": ["rel_type": "m.thread", "event_id": "$root"]]
        let follower = TestPushRoom(subscribedThreads: ["$root"])
        #expect(try actions(for: message("reply", inThread)) == ["notify"])
        let other = TestPushRoom(subscribedThreads: ["$other"])
        #expect(try actions(for: message("reply", inThread), in: other) == [])
        #expect(try actions(for: message("reply", inThread), in: follower) == ["notify", sound])
        #expect(
            try actions(for: message("edit", ["m.relates_to": ["rel_type": "m.reference", "event_id": "$root"]]), in: follower) == [
                "notify"
            ])
        var mention = inThread
        mention["m.mentions"] = ["user_ids": [.string(pushUser.string)]]
        #expect(try actions(for: message("hi", mention), in: other) == ["notify", sound, highlight])
        let muted = try actions(for: message("reply", inThread), in: follower) { ruleset in
            let isSet = ruleset.set(PushRule(id: "!room:example.com", actions: []), .room, at: .any)
            #expect(isSet)
        }
        #expect(muted == ["notify", sound])
        let disabled = try actions(for: message("reply", inThread), in: follower) { ruleset in
            let isChanged = ruleset.change(".io.element.msc4306.rule.subscribed_thread", .postcontent) { $0.isEnabled = false }
            #expect(isChanged)
        }
        #expect(disabled == ["notify"])
    }

    @Test func onesOwnEventsDoNot() throws {
        #expect(try actions(for: ["sender": .string(pushUser.string)]) == nil)
    }

    @Test func invitesNotifyOnlyTheInvited() throws {
        let content: JSONValue = ["membership": "invite"]
        #expect(
            try actions(for: ["type": "m.room.member", "state_key": "@alice:example.com", "content": content]) == ["notify", sound])
        #expect(try actions(for: ["type": "m.room.member", "state_key": "@carol:example.com", "content": content]) == [])
    }

    @Test func mentionsHighlight() throws {
        let all: [JSONValue] = ["notify", sound, highlight]
        #expect(try actions(for: message("hi", ["m.mentions": ["user_ids": ["@alice:example.com"]]])) == all)
        #expect(try actions(for: message("hi", ["m.mentions": ["user_ids": ["@bob:example.com"]]])) == ["notify"])
        let room = TestPushRoom(powerful: ["@bob:example.com"])
        #expect(try actions(for: message("hi", ["m.mentions": ["room": true]]), in: room) == ["notify", highlight])
        #expect(try actions(for: message("hi", ["m.mentions": ["room": true]])) == ["notify"])
    }

    /// Rules that look into the text do so only where the sender's client doesn't say whom it mentions.
    @Test func oldClientsMentionByText() throws {
        let all: [JSONValue] = ["notify", sound, highlight]
        let room = TestPushRoom(name: "Alice L", powerful: ["@bob:example.com"])
        #expect(try actions(for: message("hi Alice L!"), in: room) == all)
        #expect(try actions(for: message("hi alice"), in: room) == all)
        #expect(try actions(for: message("@room food"), in: room) == ["notify", highlight])
        for body in ["hi Alice L!", "hi alice", "@room food"] {
            #expect(try actions(for: message(body, ["m.mentions": [:]]), in: room) == ["notify"])
        }
    }

    @Test func kindsAreCheckedInTheirOrder() throws {
        let event = message("cake")
        let room = "!room:example.com"
        #expect(
            try actions(for: event) { _ = $0.set(PushRule(id: "@bob:example.com", actions: ["sender"]), .sender, at: .any) } == ["sender"])
        #expect(
            try actions(for: event) {
                _ = $0.set(PushRule(id: "@bob:example.com", actions: ["sender"]), .sender, at: .any)
                _ = $0.set(PushRule(id: room, actions: ["room"]), .room, at: .any)
            } == ["room"])
        #expect(
            try actions(for: event) {
                _ = $0.set(PushRule(id: room, actions: ["room"]), .room, at: .any)
                _ = $0.set(PushRule(id: "cake", pattern: "cake", actions: ["content"]), .content, at: .any)
            } == ["content"])
        #expect(
            try actions(for: event) {
                _ = $0.set(PushRule(id: "cake", pattern: "cake", actions: ["content"]), .content, at: .any)
                _ = $0.set(PushRule(id: "all", conditions: [], actions: ["override"]), .override, at: .any)
            } == ["override"])
        #expect(
            try actions(for: event) {
                _ = $0.set(PushRule(id: "all", conditions: [], actions: ["override"]), .override, at: .any)
                _ = $0.change(".m.rule.master", .override) { $0.isEnabled = true }
            } == [])
        #expect(try actions(for: event) { _ = $0.set(PushRule(id: "all", conditions: [], actions: ["u"]), .underride, at: .any) } == ["u"])
    }

    @Test func disabledRulesNeverMatch() throws {
        #expect(try actions(for: message("hello")) { _ = $0.change(".m.rule.message", .underride) { $0.isEnabled = false } } == nil)
        #expect(
            try actions(for: message("hello")) {
                _ = $0.set(PushRule(id: "all", conditions: [["kind": "unknown"]], actions: []), .override, at: .any)
            } == ["notify"])
    }
}
