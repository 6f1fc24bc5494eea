import Homeserver

/// All endpoints of the client-server API, chapter by chapter.
package enum ClientServerAPI {
    /// - Parameter publicAddress: what the well-known documents say.
    package static func routes(of homeserver: Homeserver, publicAddress: PublicAddress) -> [any RouteGroup] {
        [
            HealthRoutes(),
            VersionsRoutes(),
            WellKnownRoutes(publicAddress),
            CapabilitiesRoutes(defaultRoomVersion: homeserver.settings.defaultRoomVersion),
            SyncRoutes(sync: homeserver.sync, accounts: homeserver.accounts),
        ]
    }
}

extension Accounts: Authenticator {}
