import ServerConfiguration
import Store

/// How a command reaches a server's data: through the server if it runs, or else in its directory.
enum ServerAccess {
    /// The server runs and answers on its control socket.
    case running(ControlClient)
    /// No server runs, and none can start as long as the directory is held.
    case stopped(DataDirectory)

    /// Finds out whether the server runs.
    ///
    /// - Throws: `StoreError` when there is no data directory, or when another process uses it that has no control socket.
    init(to configuration: Configuration) throws {
        do {
            self = .stopped(try DataDirectory(existing: configuration.dataDirectory))
        } catch StoreError.inUse(let message) {
            let socket = try ControlSocketFile(in: configuration.dataDirectory)
            guard socket.exists else {
                throw StoreError.inUse("\(message), which has no control socket; it may be starting or stopping: try again")
            }
            self = .running(ControlClient(socket: socket))
        }
    }
}
