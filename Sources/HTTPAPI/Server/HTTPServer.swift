import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import ServiceLifecycle
import Store
import Synchronization

import enum Hummingbird.EventLoopGroupProvider

/// Serves the APIs over HTTP/1.1, with TLS on listeners that have a certificate.
///
/// As a service it runs until it is told to stop. Then it takes no more connections, wakes long polls, lets other requests finish, and
/// after a while cancels those that haven't.
package struct HTTPServer: Service {
    private let listeners: [Listener]
    private let groups: [any RouteGroup]
    private let authenticator: any Authenticator
    private let environment: Environment
    private let logger: Logger
    private let eventLoopGroup: any EventLoopGroup
    private let stopGraceMilliseconds: Int64
    private let onListening: @Sendable ([BoundAddress]) async -> Void

    /// - Parameters:
    ///   - groups: all endpoints; each listener serves those of its resources.
    ///   - eventLoopGroup: by default the process's own, with one thread for each core.
    ///   - stopGraceMilliseconds: how long requests under way may take when the server stops.
    ///   - onListening: called once when every address is bound, with the addresses in the listeners' order.
    package init(
        listeners: [Listener], groups: [any RouteGroup], authenticator: any Authenticator, environment: Environment, logger: Logger,
        eventLoopGroup: (any EventLoopGroup)? = nil, stopGraceMilliseconds: Int64 = Limits.stopGraceMilliseconds,
        onListening: @escaping @Sendable ([BoundAddress]) async -> Void = { _ in }
    ) {
        self.listeners = listeners
        self.groups = groups
        self.authenticator = authenticator
        self.environment = environment
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup ?? EventLoopGroupProvider.singleton.eventLoopGroup
        self.stopGraceMilliseconds = stopGraceMilliseconds
        self.onListening = onListening
    }

    /// Serves until the service group stops it or the task is cancelled.
    ///
    /// - Throws: `ListenerError` if one of the addresses cannot be bound, or a certificate cannot be read; then the others are closed again.
    package func run() async throws {
        let bound = BoundAddresses(count: listeners.reduce(0) { $0 + $1.addresses.count })
        var servers: [(any Service, host: String, port: Int)] = []
        for listener in listeners {
            let responder = makeResponder(for: listener)
            let tls = try listener.certificate?.configuration()
            for host in listener.addresses {
                let position = servers.count
                let server = try makeServer(responder, host: host, port: listener.port, tls: tls) { channel in
                    let address = BoundAddress(host: host, port: channel.localAddress?.port ?? listener.port, isTLS: tls != nil)
                    if let all = bound.add(address, at: position) { await onListening(all) }
                }
                servers.append((server, host, listener.port))
            }
        }
        try await withThrowingTaskGroup(of: Ending.self) { group in
            for (server, host, port) in servers {
                group.addTask {
                    do { try await server.run() } catch { throw ListenerError(host: host, port: port, error) }
                    return .server
                }
            }
            group.addTask {
                try? await gracefulShutdown()
                // Nobody wakes this waiter: it is the clock alone that it waits for.
                await Notifier().register([]).wait(atMost: stopGraceMilliseconds, on: environment.clock)
                return .grace
            }
            var running = servers.count
            while running > 0, let ending = try await group.next() {
                switch ending {
                case .server: running -= 1
                case .grace: group.cancelAll()
                }
            }
            group.cancelAll()
        }
    }

    /// What has come to its end while the server runs.
    private enum Ending {
        case server
        case grace
    }

    private func makeResponder(for listener: Listener) -> Responder {
        let table = RouteTable(groups.filter { !$0.resources.isDisjoint(with: listener.resources) })
        return Responder(
            router: Router(table), authenticator: authenticator, environment: environment, responseFields: ResponseFields(), logger: logger)
    }

    private func makeServer(
        _ responder: Responder, host: String, port: Int, tls: TLSConfiguration?, onRunning: @escaping @Sendable (any Channel) async -> Void
    ) throws -> any Service {
        var http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard()], idleTimeout: .seconds(Limits.idleConnectionMaxSeconds))
        http.httpDecoder.maxHeaderFieldSize = Limits.headerFieldSizeMaxBytes
        http.httpDecoder.maxHeaderListSize = Limits.headerListSizeMaxBytes
        http.httpDecoder.maxHeaderFieldCount = Limits.headerFieldCountMax
        let configuration = ServerConfiguration(
            address: .hostname(host, port: port), backlog: Limits.connectionBacklogMax,
            availableConnectionsDelegate: .maximum(Limits.connectionsMax, logger: logger))
        let http1 = HTTP1Channel(responder: responder.respond(to:_:_:), configuration: http)
        let channel: any ServerChildChannel = if let tls { try TLSChannel(http1, tlsConfiguration: tls) } else { http1 }
        return channel.server(configuration: configuration, onServerRunning: onRunning, eventLoopGroup: eventLoopGroup, logger: logger)
    }
}

/// Collects the addresses that are bound until it has them all.
private final class BoundAddresses: Sendable {
    private let addresses: Mutex<[BoundAddress?]>

    init(count: Int) {
        addresses = Mutex(Array(repeating: nil, count: count))
    }

    /// All addresses, if this was the last one that was missing.
    func add(_ address: BoundAddress, at position: Int) -> [BoundAddress]? {
        addresses.withLock { addresses in
            addresses[position] = address
            let known = addresses.compactMap { $0 }
            return known.count == addresses.count ? known : nil
        }
    }
}
