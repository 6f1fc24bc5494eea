import Glibc
import Synchronization
import TestSupport

/// The server that most tests share: each makes its own users and rooms on it, so they run side by side.
///
/// It is started by the first test that asks; it ends, and its directory is removed, when the tests' process exits.
enum SharedServer {
    /// The secret for `/_synapse/admin/v1/register`.
    static let sharedSecret = "a secret shared with tools"

    private static let start = Mutex<Task<ServerProcess, any Error>?>(nil)

    /// The running server.
    static var server: ServerProcess {
        get async throws {
            try await start.withLock { start in
                if let start { return start }
                let task = Task {
                    var options = ServerProcess.Options()
                    options.environment["MARTLET_REGISTRATION__SHARED_SECRET"] = sharedSecret
                    return try await ServerProcess.start(options: options)
                }
                start = task
                atexit { SharedServer.start.withLock { $0 = nil } }
                return task
            }.value
        }
    }
}

/// A client of the shared server without an account.
func anybody() async throws -> MatrixTestClient {
    try await SharedServer.server.anybody
}

/// A new user of the shared server; its localpart starts with `name`.
func newUser(_ name: String = "user") async throws -> MatrixTestClient {
    try await SharedServer.server.newUser(name)
}
