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
    private let control: ControlAPI?
    private let authenticator: any Authenticator
    private let environment: Environment
    private let logger: Logger
    private let trustedProxies: TrustedProxies
    private let eventLoopGroup: any EventLoopGroup
    private let stopGraceMilliseconds: Int64
    private let onListening: @Sendable ([BoundAddress]) async -> Void

    /// - Parameters:
    ///   - groups: all endpoints; each listener serves those of its resources.
    ///   - control: what the administrator's commands ask; it is served beside the listeners.
    ///   - trustedProxies: who is believed when it says where a request comes from.
    ///   - eventLoopGroup: by default the process's own, with one thread for each core.
    ///   - stopGraceMilliseconds: how long requests under way may take when the server stops.
    ///   - onListening: called once when every address is bound, with the addresses in the listeners' order.
    package init(
        listeners: [Listener], groups: [any RouteGroup], control: ControlAPI? = nil, authenticator: any Authenticator,
        environment: Environment, logger: Logger, trustedProxies: TrustedProxies = .none,
        eventLoopGroup: (any EventLoopGroup)? = nil, stopGraceMilliseconds: Int64 = Limits.stopGraceMilliseconds,
        onListening: @escaping @Sendable ([BoundAddress]) async -> Void = { _ in }
    ) {
        self.listeners = listeners
        self.groups = groups
        self.control = control
        self.authenticator = authenticator
        self.environment = environment
        self.logger = logger
        self.trustedProxies = trustedProxies
        self.eventLoopGroup = eventLoopGroup ?? EventLoopGroupProvider.singleton.eventLoopGroup
        self.stopGraceMilliseconds = stopGraceMilliseconds
        self.onListening = onListening
    }

    /// Serves until the service group stops it or the task is cancelled.
    ///
    /// - Throws: `ListenerError` if one of the addresses cannot be bound, or a certificate cannot be read, and `StoreError` if the control
    ///   socket can't be made; then the others are closed again.
    package func run() async throws {
        let bound = BoundAddresses(count: listeners.reduce(0) { $0 + $1.addresses.count }, others: control == nil ? 0 : 1)
        var servers: [@Sendable () async throws -> Void] = []
        var position = 0
        for listener in listeners {
            let (port, tls) = (listener.port, try listener.certificate?.configuration())
            let responder = makeResponder(groups.filter { !$0.resources.isDisjoint(with: listener.resources) }, isTLS: tls != nil)
            for host in listener.addresses {
                let server = try makeServer(responder, .hostname(host, port: port), tls: tls) { [position] channel in
                    let address = BoundAddress(host: host, port: channel.localAddress?.port ?? port, isTLS: tls != nil)
                    if let all = bound.add(address, at: position) { await onListening(all) }
                }
                servers.append { do { try await server.run() } catch { throw ListenerError(host: host, port: port, error) } }
                position += 1
            }
        }
        if let control {
            let responder = makeResponder(control.groups, isTLS: false)
            let server = ControlServer(api: control) { address, onRunning in
                try makeServer(responder, address, tls: nil, onRunning: onRunning)
            } onRunning: {
                if let all = bound.addOther() { await onListening(all) }
            }
            servers.append(server.run)
        }
        try await withThrowingTaskGroup(of: Ending.self) { group in
            for server in servers {
                group.addTask {
                    try await server()
                    return .server
                }
            }
            group.addTask {
                try? await gracefulShutdown()
                try? await environment.clock.sleep(milliseconds: stopGraceMilliseconds)
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

    private func makeResponder(_ groups: [any RouteGroup], isTLS: Bool) -> Responder {
        Responder(
            router: Router(RouteTable(groups)), authenticator: authenticator, environment: environment, responseFields: ResponseFields(),
            isTLS: isTLS, trustedProxies: trustedProxies, logger: logger)
    }

    private func makeServer(
        _ responder: Responder, _ address: BindAddress, tls: TLSConfiguration?, onRunning: @escaping @Sendable (any Channel) async -> Void
    ) throws -> any Service {
        var http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard()], idleTimeout: .seconds(Limits.idleConnectionMaxSeconds))
        http.httpDecoder.maxHeaderFieldSize = Limits.headerFieldSizeMaxBytes
        http.httpDecoder.maxHeaderListSize = Limits.headerListSizeMaxBytes
        http.httpDecoder.maxHeaderFieldCount = Limits.headerFieldCountMax
        let configuration = ServerConfiguration(
            address: address, backlog: Limits.connectionBacklogMax,
            availableConnectionsDelegate: .maximum(Limits.connectionsMax, logger: logger))
        let http1 = HTTP1Channel(responder: responder.respond(to:_:_:), configuration: http)
        func server(_ connection: some ServerChildChannel) -> any Service {
            EventLoopConnections(connection: connection).server(
                configuration: configuration, onServerRunning: onRunning, eventLoopGroup: eventLoopGroup, logger: logger)
        }
        return if let tls { server(try TLSChannel(http1, tlsConfiguration: tls)) } else { server(http1) }
    }
}

/// Collects the addresses that are bound until it has them all, and what else has to be ready before anybody is told.
private final class BoundAddresses: Sendable {
    private struct State {
        var addresses: [BoundAddress?]
        var missing: Int

        /// All addresses, if what was added was the last that was missing.
        mutating func added() -> [BoundAddress]? {
            missing -= 1
            return missing == 0 ? addresses.compactMap(\.self) : nil
        }
    }

    private let state: Mutex<State>

    init(count: Int, others: Int) {
        state = Mutex(State(addresses: Array(repeating: nil, count: count), missing: count + others))
    }

    /// All addresses, if this was the last that was missing.
    func add(_ address: BoundAddress, at position: Int) -> [BoundAddress]? {
        state.withLock { state in
            state.addresses[position] = address
            return state.added()
        }
    }

    /// All addresses, if something else was the last that was missing.
    func addOther() -> [BoundAddress]? {
        state.withLock { $0.added() }
    }
}
