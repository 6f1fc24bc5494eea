import ArgumentParser
import Homeserver
import MatrixProtocol
import ServerConfiguration

extension Configuration {
    /// What the homeserver needs to know, out of the configuration.
    ///
    /// - Throws: `ValidationError` for a server name or room version that this program doesn't know.
    func homeserverSettings(dataDirectory: String, signingKey: SigningKey) throws -> HomeserverSettings {
        guard let serverName = ServerName(serverName) else { throw ValidationError("\(serverName) is not a server name") }
        guard let roomVersion = RoomVersion(rooms.defaultVersion) else {
            let known = RoomVersion.supported.map(\.id).joined(separator: ", ")
            throw ValidationError("rooms.default_version: there is no room version \(rooms.defaultVersion) here; known are \(known)")
        }
        return HomeserverSettings(
            serverName: serverName, dataDirectory: dataDirectory, signingKey: signingKey, defaultRoomVersion: roomVersion,
            blockCacheBytes: store.blockCache.bytes,
            accounts: AccountsSettings(
                registrationEnabled: registration.enabled, requiresToken: registration.requireToken, token: registration.token,
                sharedSecret: registration.sharedSecret))
    }
}
