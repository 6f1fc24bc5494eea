import CanonicalJSON
import NIOCore

/// One of the homeservers that a scenario runs against.
struct Side: Sendable {
    /// How the report calls it.
    let name: String
    /// The URL that it was given with.
    let baseURL: String
    let server: ServerAddress
    let registration: Registration
    /// The server's process, where it is known.
    let process: ServerProcess?
    let connections: Connections
    /// Part of every name that this run makes up, so that runs do not meet.
    let runID = String(UInt64.random(in: .min ... .max), radix: 36)

    /// Passwords are not what is measured here; servers ask for some length.
    private static let password = "martlet-bench-password"
    /// Registration hashes passwords, which takes the server's CPU: more at once would not be faster.
    private static let registrationsAtOnce = 2

    /// Asks for the server's versions: an error where nobody answers at the URL.
    ///
    /// - Returns: how the server calls itself in its `Server` header, if it does.
    func identify() async throws -> String? {
        let answer = try await MatrixClient(connections, server: server).exchange(.get, "/_matrix/client/versions")
        _ = try answer.success()
        return answer.server
    }

    /// Registers new accounts.
    ///
    /// - Parameter purpose: part of their names.
    func makeAccounts(_ count: Int, purpose: String) async throws -> [Account] {
        progress("\(name): registering \(count) accounts (\(purpose))")
        let client = MatrixClient(connections, server: server)
        return try await concurrently(count, width: Self.registrationsAtOnce) { index in
            let (userID, accessToken) = try await registration.register(
                username: "bench-\(runID)-\(purpose)-\(index)", password: Self.password, client: client)
            return account(userID: userID, accessToken: accessToken)
        }
    }

    /// An account that exists already.
    func account(userID: String, accessToken: String) -> Account {
        Account(userID: userID, accessToken: accessToken, client: MatrixClient(connections, server: server, accessToken: accessToken))
    }

    /// Runs `work` and observes this program and the server during it.
    func observe<Output: Sendable>(_ work: () async throws -> Output) async throws -> (Output, Observation) {
        try await Observation.of(process, during: work)
    }
}
