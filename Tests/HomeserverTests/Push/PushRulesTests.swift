import CanonicalJSON
import Homeserver
import MatrixProtocol
import Testing

/// Push rules as users set them. `PushRulesetTests` has what follows from each change.
@Suite struct PushRulesTests {
    private let rule = PushRule(id: "rule", conditions: [], actions: ["notify"])

    @Test func everySyncTellsOfChanges() async throws {
        try await PushServer.run { server in
            func rules(_ answer: JSONValue) -> [JSONValue] {
                (answer["account_data", "events"]?.arrayValue ?? []).filter { $0["type"] == "m.push_rules" }.compactMap { $0["content"] }
            }
            let (initial, since) = try await server.sync(by: server.bob)
            let fresh = JSONValue.object(PushRuleset(nil as JSONObject?, of: server.bob.userID).content)
            #expect(rules(initial) == [fresh])
            #expect(rules(try await server.sync(since: since, by: server.bob).answer).isEmpty)

            try await server.homeserver.pushRules.set(rule, .override, at: .any, of: server.bob)
            let changed = JSONValue.object(try server.homeserver.pushRules.ruleset(of: server.bob).content)
            #expect(changed["global", "override"]?.arrayValue?[1]["rule_id"] == "rule")
            #expect(rules(try await server.sync(since: since, by: server.bob).answer) == [changed])
            #expect(rules(try await server.sync(by: server.bob).answer) == [changed])
            #expect(rules(try await server.sync(by: server.alice).answer).first?["global", "override"]?.arrayValue?[1]["rule_id"] != "rule")
            let read = try server.homeserver.accounts.accountData(of: server.bob.userID, in: nil, type: "m.push_rules", for: server.bob)
            #expect(try read.json() == changed)
        }
    }

    /// MSC4028.
    @Test func encryptedEventsNotifyWhereThatIsWanted() async throws {
        let options = PushRuleOptions(notifiesOfEncryptedEvents: true)
        try await PushServer.run(options) { server in
            let rules = JSONValue.object(PushRuleset(nil as JSONObject?, of: server.bob.userID, options).content)
            #expect(rules["global", "override"]?.arrayValue?[1]["rule_id"] == ".org.matrix.msc4028.encrypted_event")
            let told = try await server.sync(by: server.bob).answer["account_data", "events"]?.arrayValue
            #expect(told?.first(where: { $0["type"] == "m.push_rules" })?["content"] == rules)
            #expect(JSONValue.object(try server.homeserver.pushRules.ruleset(of: server.bob).content) == rules)
            // It counts before the rule for the room.
            let room = try await server.room(with: server.bob, server.carol)
            try await server.homeserver.pushRules.set(PushRule(id: room.string, actions: []), .room, at: .any, of: server.bob)
            try await server.say("plain", in: room, by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [0, 0])
            _ = try await server.homeserver.rooms.send(
                "m.room.encrypted", ["algorithm": "m.megolm.v1.aes-sha2"], to: room, transactionID: "1", by: server.alice)
            #expect(try await server.counts(of: room, for: server.bob) == [1, 0])
        }
    }

    @Test func rulesAreChecked() async throws {
        try await PushServer.run { server in
            let rules = server.homeserver.pushRules
            func refuses(_ code: MatrixError.Code, _ rule: PushRule, _ kind: PushRuleKind = .override) async {
                await expect(code, 400) { try await rules.set(rule, kind, at: .any, of: server.bob) }
            }
            for id in [".mine", "a/b", #"a\b"#, "", String(repeating: "a", count: 1025)] {
                await refuses(.invalidParameter, PushRule(id: id, conditions: [], actions: []))
            }
            await refuses(.missingParameter, PushRule(id: "a", actions: []), .content)
            await refuses(.invalidParameter, PushRule(id: "a", pattern: String(repeating: "a", count: 1025), actions: []), .content)
            for action in ["nothing", 1, [:]] as [JSONValue] {
                await refuses(.invalidParameter, PushRule(id: "a", conditions: [], actions: [action]))
            }
            for condition in ["nothing", [:], ["kind": 1]] as [JSONValue] {
                await refuses(.invalidParameter, PushRule(id: "a", conditions: [condition], actions: []))
            }
            let many = [JSONValue](repeating: ["kind": "contains_display_name"], count: 51)
            await refuses(.invalidParameter, PushRule(id: "a", conditions: many, actions: []))
            await refuses(.invalidParameter, rule, .postcontent)
            await expect(.unknown, 400) { try await rules.set(rule, .override, at: .before("nothing"), of: server.bob) }
            await expect(.unknown, 400) { try await rules.set(rule, .override, at: .after(".m.rule.master"), of: server.bob) }
            await expect(.invalidParameter, 400) {
                try await rules.setActions(["nothing"], ".m.rule.call", .underride, of: server.bob)
            }
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await PushServer.run { server in
            let rules = server.homeserver.pushRules
            await expect(.notFound, 404) { _ = try rules.rule("rule", .override, of: server.bob) }
            await expect(.notFound, 404) { try await rules.remove("rule", .override, of: server.bob) }
            await expect(.notFound, 404) { try await rules.remove(".m.rule.master", .override, of: server.bob) }
            await expect(.notFound, 404) { try await rules.setEnabled(true, "rule", .override, of: server.bob) }
            await expect(.notFound, 404) { try await rules.setActions([], ".m.rule.nothing", .override, of: server.bob) }
        }
    }

    @Test func thereIsAnEndToRules() async throws {
        try await PushServer.run { server in
            let conditions = (0..<50).map { _ in
                JSONValue.object(["kind": "event_match", "key": "type", "pattern": .string(String(repeating: "a", count: 1024))])
            }
            await expect(.tooLarge, 413) {
                for number in 0..<20 {
                    let rule = PushRule(id: "\(number)", conditions: conditions, actions: [])
                    try await server.homeserver.pushRules.set(rule, .override, at: .any, of: server.bob)
                }
            }
        }
    }
}
