import CanonicalJSON
import MatrixProtocol

/// What a client has to do before its request is granted: the answer 401 of user-interactive authentication.
package struct InteractiveAuthenticationRequired: Error, Sendable, Equatable {
    /// The answer's body: `session`, `flows`, `params`, `completed`, and what was wrong with the last attempt, if there was one.
    package let body: JSONObject

    init(session: String, flows: [[String]], parameters: JSONObject, completed: [String], failure: MatrixError?) {
        var body: JSONObject = [
            "session": .string(session),
            "flows": .array(flows.map { ["stages": .array($0.map { .string($0) })] }),
            "params": .object(parameters),
            "completed": .array(completed.map { .string($0) }),
        ]
        if let failure {
            body["errcode"] = .string(failure.code.rawValue)
            body["error"] = .string(failure.message)
        }
        self.body = body
    }
}
