import Homeserver
import Store

/// The control API: what the administrator's commands ask of a running server, over a socket in its data directory.
///
/// It has paths of its own below `/_martlet/control/` and wants no access token: whoever can open the socket owns the data.
package struct ControlAPI: Sendable {
    let socket: ControlSocketFile
    let groups: [any RouteGroup]

    /// - Parameter socket: where it is served; the caller holds the data directory's lock.
    package init(of homeserver: Homeserver, on socket: ControlSocketFile) {
        self.init(socket: socket, groups: [HealthRoutes(health: { homeserver.health })])
    }

    init(socket: ControlSocketFile, groups: [any RouteGroup]) {
        self.socket = socket
        self.groups = groups
    }
}
