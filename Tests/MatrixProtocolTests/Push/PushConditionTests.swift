import CanonicalJSON
import MatrixProtocol
import Testing

/// A room as push rules see it.
struct TestPushRoom: PushRoom {
    var members = 3
    var name: String? = "Alice"
    var powerful: Set<String> = []
    /// Nil for somebody who has never said whether to follow a thread.
    var subscribedThreads: Set<String>?

    func memberCount() throws -> Int { members }
    func displayName() throws -> String? { name }
    func isSubscribed(to thread: EventID) throws -> Bool? { subscribedThreads?.contains(thread.string) }
    func canNotify(_ sender: UserID, _ kind: String) throws -> Bool { kind == "room" && powerful.contains(sender.string) }
}

/// The user whose rules are tested.
let pushUser = UserID(trusted: "@alice:example.com")

/// An event of somebody else's as push rules see it.
func pushEvent(_ json: JSONObject) -> PushEvent {
    var json = json
    if json["content"] == nil { json["content"] = [:] }
    if json["type"] == nil { json["type"] = "m.room.message" }
    let sender = json["sender"]?.stringValue ?? "@bob:example.com"
    json["sender"] = .string(sender)
    return PushEvent(
        json, id: EventID(trusted: "$event"), roomID: RoomID(trusted: "!room:example.com"), sender: UserID(trusted: sender))
}

/// "Conditions", with the specification's own examples.
@Suite struct PushConditionTests {
    /// Whether an override rule with the condition matches.
    private func holds(_ condition: JSONValue, of event: JSONObject, in room: TestPushRoom = TestPushRoom()) throws -> Bool {
        let content: JSONObject = [
            "global": ["override": [["rule_id": "test", "actions": ["found"], "conditions": [condition]]]]
        ]
        let evaluator = PushEvaluator(PushRuleset(content, of: pushUser), of: pushUser)
        return try evaluator.actions(for: pushEvent(event), in: room) == ["found"]
    }

    private func matches(_ key: String, _ pattern: String, _ event: JSONObject) throws -> Bool {
        try holds(["kind": "event_match", "key": .string(key), "pattern": .string(pattern)], of: event)
    }

    @Test(
        arguments: [
            ("Lunch plans", true), ("LUNCH", true), (" lunch", false), ("lunc", false), (.null, false), (1, false),
        ] as [(JSONValue, Bool)])
    func eventMatchIsAGlobOfTheWholeValue(_ topic: JSONValue, _ isMatched: Bool) throws {
        #expect(try matches("content.topic", "lunc?*", ["content": ["topic": topic]]) == isMatched)
    }

    @Test func whatIsMissingMatchesNothing() throws {
        #expect(try !matches("content.topic", "*", [:]))
        #expect(try !matches("content.topic.inner", "*", ["content": ["topic": "text"]]))
        #expect(try matches("content.topic", "*", ["content": ["topic": ""]]))
    }

    @Test(arguments: [
        ("An example event.", true), ("exple", true), ("An exciting triple-whammy", true), ("EXAMPLE", true), ("examples", false),
        ("inexample", false), ("_example", false), ("example_", false), ("1example", false), ("an ex", false),
        ("exa ple\nmore", true), ("an ex and then an example", true), ("", false),
    ])
    func theBodyIsMatchedByWords(_ body: String, _ isMatched: Bool) throws {
        #expect(try matches("content.body", "ex*ple", ["content": ["body": .string(body)]]) == isMatched)
    }

    @Test(arguments: [
        ("cake", "I like cake!", true), ("cake", "cakes", false), ("cake*lie", "the cake is a lie", true), ("cak?", "cake", true),
        ("cak?", "cak", false), ("@room", "hey @room: food", true), ("@room", "@rooms", false), ("ünal", "Ünal kommt", true),
        ("*", "anything", true), ("**", "", true), ("foo bar", "a foo bar b", true),
        ("a*a*a*a*b", String(repeating: "a", count: 5000), false),
        ("[a]", "an [a] in brackets", true), ("[ab]", "a", false), (#"\w"#, "w", false), ("c++", "C++ is old", true),
    ])
    func patternsAreLookedForBetweenWordBoundaries(_ pattern: String, _ body: String, _ isMatched: Bool) throws {
        #expect(try matches("content.body", pattern, ["content": ["body": .string(body)]]) == isMatched)
    }

    @Test func bodiesElsewhereAreMatchedAsAWhole() throws {
        #expect(try !matches("content.inner.body", "cake", ["content": ["inner": ["body": "a cake"]]]))
        #expect(try !matches("body", "cake", ["body": "a cake"]))
        #expect(try !matches("content.body", "1", ["content": ["body": 1]]))
    }

    @Test func theRoomAndTheEventCanBeMatched() throws {
        #expect(try matches("room_id", "!room:example.com", [:]))
        #expect(try matches("event_id", "$event", [:]))
        #expect(try matches("sender", "@bob:*", [:]))
        #expect(try !matches("state_key", "", [:]))
        #expect(try matches("state_key", "", ["state_key": ""]))
    }

    @Test(arguments: [(true, true), ("true", false), (1, false)] as [(JSONValue, Bool)])
    func eventPropertyIsComparesExactly(_ value: JSONValue, _ isMatched: Bool) throws {
        let condition: JSONValue = ["kind": "event_property_is", "key": #"content.m\.federate"#, "value": true]
        #expect(try holds(condition, of: ["type": "m.room.create", "content": ["m.federate": value]]) == isMatched)
    }

    @Test func simpleValuesCanBeCompared() throws {
        for value in [.null, 1, "a", false] as [JSONValue] {
            #expect(try holds(["kind": "event_property_is", "key": "content.a", "value": value], of: ["content": ["a": value]]))
        }
        for value in [[:], [], 1.5] as [JSONValue] {
            #expect(try !holds(["kind": "event_property_is", "key": "content.a", "value": value], of: ["content": ["a": value]]))
        }
        // What isn't there is not null.
        #expect(try !holds(["kind": "event_property_is", "key": "content.a", "value": .null], of: [:]))
    }

    @Test(arguments: [("#myroom:example.com", true), (":example.com", false), ("#MYROOM:example.com", false)])
    func eventPropertyContainsLooksForAWholeElement(_ value: String, _ isMatched: Bool) throws {
        let content: JSONValue = ["alias": "#somewhere:localhost", "alt_aliases": ["#somewhere:example.org", "#myroom:example.com"]]
        let condition: JSONValue = ["kind": "event_property_contains", "key": "content.alt_aliases", "value": .string(value)]
        #expect(try holds(condition, of: ["type": "m.room.canonical_alias", "content": content]) == isMatched)
        #expect(try !holds(condition, of: ["content": ["alt_aliases": .string(value)]]))
    }

    /// Appendices, "Dot-separated property paths".
    @Test(
        arguments: [
            (#"content.m\.relates_to"#, ["content": ["m.relates_to": "x"]]), (#"content.m\\foo"#, ["content": [#"m\foo"#: "x"]]),
            (#"content.m\x"#, ["content": [#"m\x"#: "x"]]), (#"content.\"#, ["content": [#"\"#: "x"]]),
            ("content.", ["content": ["": "x"]]),
            ("content.a.b", ["content": ["a": ["b": "x"]]]),
        ] as [(String, JSONObject)])
    func pathsAreRead(_ path: String, _ event: JSONObject) throws {
        #expect(try matches(path, "x", event))
    }

    @Test(arguments: [("Alice", true), ("hello ALICE!", true), ("malice", false), ("alicE.", true)])
    func displayNamesAreLookedFor(_ body: String, _ isMatched: Bool) throws {
        #expect(try holds(["kind": "contains_display_name"], of: ["content": ["body": .string(body)]]) == isMatched)
    }

    @Test func displayNamesAreNoPatterns() throws {
        let condition: JSONValue = ["kind": "contains_display_name"]
        let event: JSONObject = ["content": ["body": "anybody"]]
        for name in ["*", "anyb?dy", "", nil] {
            #expect(try !holds(condition, of: event, in: TestPushRoom(name: name)))
        }
        #expect(try holds(condition, of: ["content": ["body": "is it * or not"]], in: TestPushRoom(name: "*")))
    }

    @Test(arguments: [
        ("2", [2]), ("==2", [2]), ("<2", [0, 1]), ("<=2", [0, 1, 2]), (">2", [3, 4]), (">=2", [2, 3, 4]), ("<0", []), ("=2", []), ("", []),
        ("a", []), ("-1", []), ("2 ", []), ("99999999999999999999", []), ("<>2", []),
    ])
    func memberCountsAreCompared(_ text: String, _ counts: [Int]) throws {
        let matched = try (0...4).filter {
            try holds(["kind": "room_member_count", "is": .string(text)], of: [:], in: TestPushRoom(members: $0))
        }
        #expect(matched == counts)
    }

    @Test func thePowerToNotifyIsAsked() throws {
        let room = TestPushRoom(powerful: ["@bob:example.com"])
        let condition: JSONValue = ["kind": "sender_notification_permission", "key": "room"]
        #expect(try holds(condition, of: [:], in: room))
        #expect(try !holds(condition, of: ["sender": "@carol:example.com"], in: room))
        #expect(try !holds(["kind": "sender_notification_permission", "key": "other"], of: [:], in: room))
    }

    @Test(
        arguments: [
            ["kind": "org.example.unknown"], [:], "event_match", ["kind": "event_match", "key": "type"],
            ["kind": "event_match", "pattern": "*"],
            ["kind": "event_property_is", "key": "type"], ["kind": "event_property_contains", "key": "type", "value": []],
            ["kind": "room_member_count"], ["kind": "room_member_count", "is": 2], ["kind": "sender_notification_permission"],
        ] as [JSONValue])
    func unknownConditionsMatchNothing(_ condition: JSONValue) throws {
        #expect(try !holds(condition, of: ["type": "m.room.message"]))
    }
}
