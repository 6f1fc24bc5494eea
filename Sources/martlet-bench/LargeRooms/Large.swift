import ArgumentParser
import Homeserver
import MatrixProtocol
import Store

/// A room of many members and events, and what it costs.
struct Large: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a large room in a data directory, and measure what it costs.",
        discussion: """
            Both commands work in this process on a data directory that no server uses; afterwards a server can be started on it. The room's only \
            member here is @large, whom anybody who may register can become.
            """,
        subcommands: [LargeMake.self, LargeMeasure.self])
}

/// The data directory that a large room is in.
struct LargeRoomDirectory: ParsableArguments {
    @Argument(help: "The data directory.")
    var directory: String

    @Option(help: "The server's name.")
    var serverName = "localhost"

    @Option(help: "The room's version.")
    var roomVersion: String = "11"

    private static let blockCacheBytes = 64 << 20

    func validate() throws {
        if ServerName(serverName) == nil { throw ValidationError("\(serverName) is not a server name.") }
        if RoomVersion(roomVersion) == nil { throw ValidationError("\(roomVersion) is not a room version.") }
    }

    /// The room's history, from its beginning.
    func history(members: Int, events: Int) throws -> LargeRoomHistory {
        guard let version = RoomVersion(roomVersion) else { throw LargeRoomError("there is no room version \(roomVersion)") }
        return try LargeRoomHistory(version: version, members: members, events: events)
    }

    /// The room.
    func room() throws -> RoomID { try history(members: 1, events: 1).beginning.id }

    var name: ServerName { ServerName(trusted: serverName) }

    /// The room's member on this server.
    var member: Requester { user("large") }

    /// A user of this server, who needs no account for what is measured.
    func user(_ localpart: String) -> Requester {
        Requester(userID: UserID(trusted: "@\(localpart):\(serverName)"), deviceID: "BENCH")
    }

    /// How the server is opened in the directory, which gets a signing key if it has none.
    func settings(of directory: DataDirectory) throws -> HomeserverSettings {
        if try directory.readFile(DataDirectory.signingKeyFile) == nil {
            guard let key = SigningKey(seed: SystemRandom().bytes(SigningKey.seedSizeBytes), version: "bench") else {
                throw LargeRoomError("no signing key could be made")
            }
            try directory.writeFile(DataDirectory.signingKeyFile, Array("\(key.text)\n".utf8))
        }
        guard let bytes = try directory.readFile(DataDirectory.signingKeyFile),
            let key = SigningKey(text: String(decoding: bytes, as: UTF8.self))
        else {
            throw LargeRoomError("\(directory.path(of: DataDirectory.signingKeyFile)) is no signing key")
        }
        return HomeserverSettings(
            serverName: name, dataDirectory: directory.path, signingKey: key, blockCacheBytes: Self.blockCacheBytes,
            accounts: AccountsSettings())
    }
}
