import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store

/// The control API: what the administrator's commands ask of a running server, over a socket in its data directory.
///
/// It has paths of its own below `/_martlet/control/` and wants no access token: whoever can open the socket owns the data. A request is a
/// `POST` whose body has the parameters, and its answer a JSON object.
package struct ControlAPI: Sendable {
    let socket: ControlSocketFile
    let groups: [any RouteGroup]

    /// - Parameter socket: where it is served; the caller holds the data directory's lock.
    package init(of homeserver: Homeserver, on socket: ControlSocketFile) {
        self.init(
            socket: socket,
            groups: [
                HealthRoutes(health: { homeserver.health }), DatabaseRoutes(inspection: homeserver.inspection),
                BackupRoutes(backups: homeserver.backups), NoticeRoutes(notices: homeserver.notices),
            ])
    }

    init(socket: ControlSocketFile, groups: [any RouteGroup]) {
        self.socket = socket
        self.groups = groups
    }
}

extension RouteTable {
    /// Adds an endpoint of the control API. Unlike a stranger, the administrator is told what went wrong, whatever it was.
    ///
    /// - Parameters:
    ///   - path: below `/_martlet/control/`.
    ///   - handler: it may take long; it is cancelled when the server's time to stop is over.
    mutating func control(_ path: String, _ handler: @escaping @Sendable (Body) async throws -> JSONObject) {
        post("/_martlet/control/\(path)", access: .open, lane: .long) { request in
            do {
                return Answer(try await handler(try await request.body()))
            } catch let error where !(error is MatrixError || error is BodySource.ConnectionFailure || error is CancellationError) {
                throw MatrixError(.unknown, "\(error)", status: 500)
            }
        }
    }
}
