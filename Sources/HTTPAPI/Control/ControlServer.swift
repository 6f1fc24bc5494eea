import HummingbirdCore
import NIOCore
import ServiceLifecycle
import Synchronization

/// Serves the control API on its socket, which is there while it runs.
struct ControlServer: Service {
    let api: ControlAPI
    /// Makes the server that is bound to an address and calls back when it is.
    let makeServer: @Sendable (BindAddress, @escaping @Sendable (any Channel) async -> Void) throws -> any Service
    /// Called when commands can connect.
    let onRunning: @Sendable () async -> Void

    /// - Throws: `StoreError` when the socket can't be made.
    func run() async throws {
        let socket = api.socket
        let address = try socket.prepare()
        defer { socket.remove() }
        let failure = Mutex<(any Error)?>(nil)
        let server = try makeServer(.unixDomainSocket(path: address)) { channel in
            do {
                try socket.publish()
                await onRunning()
            } catch {
                failure.withLock { $0 = error }
                try? await channel.close()
            }
        }
        try await server.run()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
