import CanonicalJSON
import Homeserver
import MatrixProtocol

/// By which rules users are told of events ("Push Rules: API").
struct PushRuleRoutes: RouteGroup {
    let rules: PushRules

    func add(to routes: inout RouteTable) {
        let rulesets = "/_matrix/client/v3/pushrules"
        routes.get(rulesets, access: .user) { Answer(try rules.ruleset(of: $0.requester).content) }
        let global = rulesets + "/global"
        routes.get(global, access: .user) { Answer(try rules.ruleset(of: $0.requester).json) }
        let rule = global + "/{kind}/{ruleId}"
        routes.get(rule, access: .user) { Answer(try self.rule($0).json) }
        routes.put(rule, access: .user, isLimited: true, set)
        routes.delete(rule, access: .user, remove)
        routes.get(rule + "/enabled", access: .user) { Answer(["enabled": .bool(try self.rule($0).isEnabled)]) }
        routes.put(rule + "/enabled", access: .user, setEnabled)
        routes.get(rule + "/actions", access: .user) { Answer(["actions": .array(try self.rule($0).actions)]) }
        routes.put(rule + "/actions", access: .user, setActions)
    }

    private func kind(_ request: ClientRequest) throws(MatrixError) -> PushRuleKind {
        guard let kind = PushRuleKind(rawValue: request.parameter("kind")) else {
            throw MatrixError(.invalidParameter, "There is no such kind of push rules")
        }
        return kind
    }

    private func rule(_ request: ClientRequest) throws -> PushRule {
        try rules.rule(request.parameter("ruleId"), kind(request), of: request.requester)
    }

    private func set(_ request: ClientRequest) async throws -> Answer {
        let kind = try kind(request)
        let body = try await request.body()
        let rule = PushRule(
            id: request.parameter("ruleId"),
            conditions: try kind.hasConditions ? body.optional("conditions", as: .array) ?? [] : nil,
            pattern: try kind == .content ? body.required("pattern", as: .string) : nil,
            actions: try body.required("actions", as: .array))
        try await rules.set(rule, kind, at: place(request), of: request.requester)
        return .empty
    }

    /// With both, `before` counts.
    private func place(_ request: ClientRequest) throws(MatrixError) -> PushRuleset.Place {
        if let id = try request.query.string("before") { return .before(id) }
        if let id = try request.query.string("after") { return .after(id) }
        return .any
    }

    private func remove(_ request: ClientRequest) async throws -> Answer {
        try await rules.remove(request.parameter("ruleId"), kind(request), of: request.requester)
        return .empty
    }

    private func setEnabled(_ request: ClientRequest) async throws -> Answer {
        let isEnabled = try await request.body().required("enabled", as: .bool)
        try await rules.setEnabled(isEnabled, request.parameter("ruleId"), kind(request), of: request.requester)
        return .empty
    }

    private func setActions(_ request: ClientRequest) async throws -> Answer {
        let actions = try await request.body().required("actions", as: .array)
        try await rules.setActions(actions, request.parameter("ruleId"), kind(request), of: request.requester)
        return .empty
    }
}
