import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// User-interactive authentication of one request ("User-Interactive Authentication API").
///
/// A session is made for the first request of an operation, belongs to it and to who made it, and ends with the commit that it allowed.
/// Of the stages in a session only those that lead on in one of the flows can be completed, in the flows' order.
struct InteractiveAuthentication: Sendable {
    let accounts: Accounts
    /// What is to be done, such as `register`.
    let operation: String
    /// What in the request has to stay the same from one stage to the next; nil as long as the client hasn't said it.
    let request: String?
    /// Who asks; nil where nobody needs to be logged in.
    let requester: Requester?
    /// The sequences of stages of which one has to be gone through.
    let flows: [[String]]
    /// What clients need to know for the stages, by the stages' types.
    var parameters: JSONObject = [:]
    /// Checks what a client sent for a stage; what it throws with the status 401 is an attempt that failed, and can be made again.
    let check: @Sendable (_ stage: String, _ auth: JSONObject) async throws -> Void
    /// The ID of the validation session that a client has shown for a stage, which is kept with the session.
    var proof: @Sendable (_ stage: String, _ auth: JSONObject) -> String? = { _, _ in nil }
    /// Counts a new session, where strangers can make them.
    var count: @Sendable () throws(MatrixError) -> Void = {}

    /// How many letters and digits a session's ID has after the time.
    private static let sessionIDRandomLength = 24

    /// Goes on with the request's session by what stands in its `auth`.
    ///
    /// - Returns: the session whose end allows the operation; nil if one stage was enough and nothing of it is kept, so that there is none.
    /// - Throws: `InteractiveAuthenticationRequired` as long as stages are missing, and `MatrixError` where the session can't go on.
    func authorize(_ auth: JSONObject?) async throws -> InteractiveAuthSession.Claim? {
        let stage = try Self.string("type", in: auth)
        let (key, found, isKept) = try findSession(try Self.string("session", in: auth))
        var session = found
        session.request = request
        var failure: MatrixError?
        if let stage, let auth, !session.completed.contains(stage) {
            do {
                try Self.checkOrder(of: stage, after: session.completed, in: flows)
                try await check(stage, auth)
                session.completed.append(stage)
                if let proof = proof(stage, auth) { session.proof = proof }
            } catch let error as MatrixError where error.status == 401 {
                failure = error
            }
        }
        if flows.contains(session.completed) {
            guard isKept || session.proof != nil else { return nil }
            // The last stage is written down before the operation, whose commit expects the session as it is kept.
            return InteractiveAuthSession.Claim(key: key, session: try await keep(session, key, isKept: isKept))
        }
        if !isKept || session != found { session = try await keep(session, key, isKept: isKept) }
        throw InteractiveAuthenticationRequired(
            session: key.parts.2, flows: flows, parameters: parameters, completed: session.completed, failure: failure)
    }

    private func keep(
        _ session: InteractiveAuthSession, _ key: InteractiveAuthSession.Key, isKept: Bool
    ) async throws -> InteractiveAuthSession {
        if !isKept { try count() }
        do {
            return try await accounts.database.keepInteractiveAuthSession(session, key, isNew: !isKept)
        } catch AccountsConflict.sessionChanged {
            throw Accounts.sessionUsed
        }
    }

    /// The session that the client names, or a new one, which isn't kept yet.
    private func findSession(
        _ id: String?
    ) throws -> (key: InteractiveAuthSession.Key, session: InteractiveAuthSession, isKept: Bool) {
        let now = accounts.environment.clock.now()
        guard let id else {
            let time = String(now, radix: 16)
            let fresh = String(repeating: "0", count: max(0, 12 - time.count)) + time
            let session = InteractiveAuthSession(
                operation: operation, request: request, expiresAt: now + AccountsLimits.interactiveAuthSessionMilliseconds)
            return (key(fresh + accounts.environment.random.alphanumeric(Self.sessionIDRandomLength)), session, false)
        }
        let key = key(id)
        guard let session = try accounts.database.view().interactiveAuthSession(key), session.expiresAt > now else {
            throw MatrixError(.unknown, "Unknown session", status: 400)
        }
        guard session.operation == operation, session.request == nil || session.request == request else {
            throw MatrixError(.forbidden, "The session was opened for another request")
        }
        return (key, session, true)
    }

    private func key(_ id: String) -> InteractiveAuthSession.Key {
        InteractiveAuthSession.Key(requester?.userID, requester?.deviceID, id)
    }

    /// Checks that a stage is the next one in one of the flows.
    ///
    /// - Throws: `M_UNAUTHORIZED`.
    static func checkOrder(of stage: String, after completed: [String], in flows: [[String]]) throws(MatrixError) {
        guard flows.contains(where: { $0.starts(with: completed + [stage]) }) else {
            throw MatrixError(.unauthorized, "This stage is in none of the flows, or not the next one")
        }
    }

    private static func string(_ key: String, in auth: JSONObject?) throws(MatrixError) -> String? {
        guard let value = auth?[key], value != .null else { return nil }
        guard let string = value.stringValue else { throw MatrixError(.badJSON, "auth.\(key) must be a string") }
        return string
    }
}
