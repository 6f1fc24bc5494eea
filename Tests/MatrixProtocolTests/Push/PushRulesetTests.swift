import CanonicalJSON
import MatrixProtocol
import Testing

/// Rulesets: the predefined rules, the order of rules, and their changes.
@Suite struct PushRulesetTests {
    private func ids(_ ruleset: PushRuleset, _ kind: PushRuleKind) -> [String] { ruleset[kind].map(\.id) }

    private func rule(_ id: String, actions: [JSONValue] = ["notify"]) -> PushRule {
        PushRule(id: id, conditions: [], actions: actions)
    }

    private let fresh = PushRuleset(nil, of: pushUser)

    @Test func everybodyHasThePredefinedRules() {
        #expect(
            ids(fresh, .override) == [
                ".m.rule.master", ".m.rule.suppress_notices", ".m.rule.invite_for_me", ".m.rule.member_event",
                ".m.rule.is_user_mention", ".m.rule.contains_display_name", ".m.rule.is_room_mention", ".m.rule.roomnotif",
                ".m.rule.tombstone", ".m.rule.reaction", ".m.rule.room.server_acl", ".m.rule.suppress_edits",
                ".org.matrix.msc3930.rule.poll_response",
            ])
        #expect(ids(fresh, .content) == [".m.rule.contains_user_name"])
        #expect(ids(fresh, .room).isEmpty && ids(fresh, .sender).isEmpty)
        #expect(
            ids(fresh, .underride) == [
                ".m.rule.call", ".m.rule.encrypted_room_one_to_one", ".m.rule.room_one_to_one", ".m.rule.message", ".m.rule.encrypted",
                ".im.vector.jitsi", ".org.matrix.msc3930.rule.poll_start_one_to_one", ".org.matrix.msc3930.rule.poll_start",
                ".org.matrix.msc3930.rule.poll_end_one_to_one", ".org.matrix.msc3930.rule.poll_end",
            ])
    }

    /// MSC4028.
    @Test func encryptedEventsNotifyWhereThatIsWanted() {
        let id = ".org.matrix.msc4028.encrypted_event"
        #expect(fresh[.override, id] == nil)
        var ruleset = PushRuleset(nil, of: pushUser, PushRuleOptions(notifiesOfEncryptedEvents: true))
        #expect(
            ruleset[.override, id]?.json == [
                "rule_id": .string(id), "default": true, "enabled": true,
                "conditions": [["kind": "event_match", "key": "type", "pattern": "m.room.encrypted"]], "actions": ["notify"],
            ])
        #expect(ids(ruleset, .override).filter { $0 != id } == ids(fresh, .override))
        // The user's own rules, with which rooms are muted, come before.
        let isSet = ruleset.set(rule("mute", actions: []), .override, at: .any)
        #expect(isSet)
        #expect(ids(ruleset, .override).prefix(4) == [".m.rule.master", "mute", id, ".m.rule.suppress_notices"])
    }

    /// Definitions as they stand in the specification.
    @Test func definitionsAreTheSpecifications() {
        #expect(
            fresh[.override, ".m.rule.master"]?.json
                == ["rule_id": ".m.rule.master", "default": true, "enabled": false, "conditions": [], "actions": []])
        #expect(
            fresh[.override, ".m.rule.is_user_mention"]?.json == [
                "rule_id": ".m.rule.is_user_mention", "default": true, "enabled": true,
                "conditions": [
                    ["kind": "event_property_contains", "key": "content.m\\.mentions.user_ids", "value": "@alice:example.com"]
                ],
                "actions": ["notify", ["set_tweak": "sound", "value": "default"], ["set_tweak": "highlight"]],
            ])
        #expect(
            fresh[.override, ".m.rule.is_room_mention"]?.json == [
                "rule_id": ".m.rule.is_room_mention", "default": true, "enabled": true,
                "conditions": [
                    ["kind": "event_property_is", "key": "content.m\\.mentions.room", "value": true],
                    ["kind": "sender_notification_permission", "key": "room"],
                ],
                "actions": ["notify", ["set_tweak": "highlight"]],
            ])
        #expect(
            fresh[.underride, ".m.rule.call"]?.json == [
                "rule_id": ".m.rule.call", "default": true, "enabled": true,
                "conditions": [["kind": "event_match", "key": "type", "pattern": "m.call.invite"]],
                "actions": ["notify", ["set_tweak": "sound", "value": "ring"]],
            ])
        #expect(fresh[.content, ".m.rule.contains_user_name"]?.pattern == "alice")
        #expect(fresh[.content, ".m.rule.contains_user_name"]?.json["conditions"] == nil)
    }

    @Test func itComesBackFromItsContent() {
        var ruleset = fresh
        #expect(ruleset.set(PushRule(id: "cake", pattern: "cake*lie", actions: ["notify"]), .content, at: .any) == true)
        #expect(ruleset.set(PushRule(id: "!r:example.com", actions: ["dont_notify"], isEnabled: false), .room, at: .any) == true)
        #expect(ruleset.change(".m.rule.master", .override) { $0.isEnabled = true } == true)
        #expect(ruleset.change(".m.rule.call", .underride) { $0.actions = [] } == true)
        let again = PushRuleset(ruleset.content, of: pushUser)
        #expect(again == ruleset)
        #expect(again[.room, "!r:example.com"]?.actions == ["dont_notify"])
        #expect(PushRuleset(["global": ["override": "nothing", "content": [1, ["rule_id": "a"]]]], of: pushUser) == fresh)
    }

    /// What the server says of its own rules is not what somebody kept.
    @Test func predefinedRulesAreTheServers() {
        let content: JSONObject = [
            "global": [
                "override": [
                    ["rule_id": ".m.rule.gone", "actions": ["notify"], "conditions": []],
                    ["rule_id": ".m.rule.tombstone", "actions": [], "enabled": false, "conditions": []],
                ]
            ]
        ]
        let ruleset = PushRuleset(content, of: pushUser)
        #expect(ids(ruleset, .override) == ids(fresh, .override))
        #expect(ruleset[.override, ".m.rule.tombstone"]?.isEnabled == false)
        #expect(ruleset[.override, ".m.rule.tombstone"]?.conditions?.count == 2)
    }

    @Test func newRulesComeFirstButForTheMaster() {
        var ruleset = fresh
        for id in ["one", "two"] {
            #expect(ruleset.set(rule(id), .override, at: .any) == true)
            #expect(ruleset.set(rule(id), .underride, at: .any) == true)
        }
        #expect(ids(ruleset, .override).prefix(4) == [".m.rule.master", "two", "one", ".m.rule.suppress_notices"])
        #expect(ids(ruleset, .underride).prefix(3) == ["two", "one", ".m.rule.call"])
        // Who changes a rule doesn't move it, nor switch it on.
        #expect(ruleset.change("one", .override) { $0.isEnabled = false } == true)
        #expect(ruleset.set(rule("one", actions: []), .override, at: .any) == true)
        #expect(ids(ruleset, .override).prefix(3) == [".m.rule.master", "two", "one"])
        #expect(ruleset[.override, "one"]?.actions == [])
        #expect(ruleset[.override, "one"]?.isEnabled == false)
    }

    @Test func rulesCanBePutBesideOthers() {
        var ruleset = fresh
        for id in ["c", "b", "a"] { #expect(ruleset.set(rule(id), .override, at: .any) == true) }
        func own() -> [String] { ids(ruleset, .override).filter { !PushRule.isDefault($0) } }
        #expect(ruleset.set(rule("before b"), .override, at: .before("b")) == true)
        #expect(own() == ["a", "before b", "b", "c"])
        #expect(ruleset.set(rule("after c"), .override, at: .after("c")) == true)
        #expect(own() == ["a", "before b", "b", "c", "after c"])
        #expect(ruleset.set(rule("a"), .override, at: .after("b")) == true)
        #expect(own() == ["before b", "b", "a", "c", "after c"])
        for place in [.before("nothing"), .after(".m.rule.tombstone"), .before(".m.rule.master"), .after("new")] as [PushRuleset.Place] {
            let before = ruleset
            #expect(ruleset.set(rule("new"), .override, at: place) == false)
            #expect(ruleset == before)
        }
    }

    @Test func onlyOnesOwnRulesCanBeRemoved() {
        var ruleset = fresh
        #expect(ruleset.set(rule("one"), .override, at: .any) == true)
        #expect(ruleset.remove("one", .underride) == false)
        #expect(ruleset.remove("one", .override) == true)
        #expect(ruleset.remove("one", .override) == false)
        #expect(ruleset.remove(".m.rule.master", .override) == false)
        #expect(ruleset == fresh)
        #expect(ruleset.change("one", .override) { $0.isEnabled = false } == false)
    }

    @Test func actionsAreRead() {
        let all = PushActions(["notify", ["set_tweak": "sound", "value": "bing"], ["set_tweak": "highlight"], "coalesce"])
        #expect(all.notifies && all.highlights)
        #expect(all.tweaks == ["sound": "bing", "highlight": true])
        #expect(!PushActions(["notify", ["set_tweak": "highlight", "value": false]]).highlights)
        #expect(PushActions(["dont_notify"]) == PushActions([]))
        #expect(!PushActions(["coalesce"]).notifies)
        #expect(PushActions.isAction("dont_notify") && PushActions.isAction(["set_tweak": "flash"]))
        for other in ["nothing", 1, [:], ["set_tweak": 1], .null] as [JSONValue] { #expect(!PushActions.isAction(other)) }
    }
}
