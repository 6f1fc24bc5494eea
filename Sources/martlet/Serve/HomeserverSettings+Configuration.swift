import Homeserver
import MatrixProtocol
import ServerConfiguration

extension Configuration {
    /// What the homeserver needs to know, out of a configuration that was loaded and so is valid.
    func homeserverSettings(dataDirectory: String, configurationFile: String?, signingKey: SigningKey) -> HomeserverSettings {
        guard let serverName = ServerName(serverName), let roomVersion = RoomVersion(rooms.defaultVersion) else {
            preconditionFailure("a configuration that was loaded has a server name and a room version that the program knows")
        }
        var settings = HomeserverSettings(
            serverName: serverName, dataDirectory: dataDirectory, configurationFile: configurationFile, signingKey: signingKey,
            defaultRoomVersion: roomVersion,
            blockCacheBytes: store.blockCache.bytes,
            accounts: AccountsSettings(
                registrationEnabled: registration.enabled, requiresToken: registration.requireToken, token: registration.token,
                sharedSecret: registration.sharedSecret, allowsGuests: registration.allowGuests))
        settings.limitsRates = rateLimits.enabled
        settings.eventDelayMaxMilliseconds = Int64(rooms.maxEventDelay) * 1000
        settings.streams.newRooms = streams.newRooms.settings
        settings.streams.lifetimeMilliseconds = Int64(streams.idleTime) * 1000
        return settings
    }
}

extension Configuration.Streams.NewRooms {
    fileprivate var settings: StreamsSettings.NewRooms {
        switch self {
        case .open: .open
        case .users: .users
        case .off: .off
        }
    }
}
