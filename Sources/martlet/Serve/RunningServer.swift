import HTTPAPI
import Logging
import ServerConfiguration
import ServiceLifecycle
import Store

/// Answers requests on the configured listeners until the process is told to stop.
struct RunningServer {
    let configuration: Configuration
    let environment: Environment
    let logger: Logger

    /// Serves `groups`, and `control` to the administrator's commands; returns after SIGTERM or SIGINT, when the last request is answered.
    ///
    /// - Throws: `ListenerError` if one of the addresses cannot be bound or a certificate cannot be read; `StoreError` if the control socket
    ///   cannot be made.
    func run(_ groups: [any RouteGroup], control: ControlAPI, authenticator: any Authenticator) async throws {
        let message = StartMessage(configuration: configuration)
        let server = HTTPServer(
            listeners: configuration.servedListeners, groups: groups, control: control, authenticator: authenticator,
            environment: environment, logger: logger, trustedProxies: configuration.network.proxies
        ) { addresses in
            message.printListening(on: addresses.map(\.description))
        }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await services.run()
    }
}
