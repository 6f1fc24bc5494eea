import ArgumentParser
import Glibc
import HTTPAPI
import Homeserver
import Logging
import MatrixProtocol
import OutgoingRequests
import ServerConfiguration
import Store

/// `martlet serve`: runs the server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server (the default).",
        discussion: """
            It works without any configuration. What you want to change is set in a YAML file, above it by environment variables \
            (MARTLET_REGISTRATION__TOKEN for registration.token), above them by these flags; docs/configuration.md has all options.
            """)

    @OptionGroup var configurationOptions: ConfigurationOptions

    @Option(help: ArgumentHelp("The name in user IDs and room aliases (server_name).", valueName: "name"))
    var serverName: String?

    @Option(help: ArgumentHelp("An IP address for the first listener; can be repeated.", valueName: "address"))
    var bind: [String] = []

    @Option(help: ArgumentHelp("The port of the first listener.", valueName: "port"))
    var port: Int?

    func run() async throws {
        // Whoever reads the log and goes away must not end the server.
        signal(SIGPIPE, SIG_IGN)
        MemoryAllocator.keepSmall()
        let configuration = try configurationOptions.load(flags: flags)
        var environment = Environment.system()
        ServerLog.start(configuration.logging, clock: environment.clock)
        let logger = Logger(label: "martlet")
        environment.onHealthChange = { DatabaseHealthLog.write($1, of: $0, to: logger) }
        let deniedRanges = configuration.network.deniedIPRanges
        environment.outgoingHTTP = OutgoingHTTPClient(
            certificateAuthorities: configuration.federation.certificateAuthorities,
            isDenied: { address in deniedRanges.contains { $0.contains(address) } },
            isPrivate: { address in Configuration.Network.privateAndLocalRanges.contains { $0.contains(address) } })
        OpenFileLimit.raise(logger: logger)
        let directory = try DataDirectory(path: configuration.dataDirectory)
        // It holds the lock, which has to outlive everything below and not only the last use of the path.
        defer { withExtendedLifetime(directory) {} }
        let signingKey = try SigningKeyFile.load(from: directory, random: environment.random, logger: logger)
        logger.info("The data directory is ready", metadata: ["path": "\(directory.path)", "signing_key": "\(signingKey.keyID)"])

        var upgradeLog = UpgradeLog(logger: logger, clock: environment.clock)
        let settings = try configuration.homeserverSettings(
            dataDirectory: directory.path, configurationFile: configurationOptions.file.map { AbsolutePath.of($0) },
            signingKey: signingKey, environment: environment)
        try await Homeserver.run(settings: settings, environment: environment, report: { upgradeLog.log($0) }) { homeserver in
            StartMessage(configuration: configuration).printRegistration(token: try await homeserver.accounts.registrationToken())
            try await RunningServer(configuration: configuration, environment: environment, logger: logger).run(
                ClientServerAPI.routes(of: homeserver, publicAddress: configuration.publicAddress)
                    + configuration.streamRoutes(of: homeserver),
                control: ControlAPI(of: homeserver, on: try ControlSocketFile(in: directory.path)), authenticator: homeserver.accounts)
        }
    }

    private var flags: [ConfigurationFlag] {
        var flags: [ConfigurationFlag] = []
        if let serverName { flags.append(ConfigurationFlag("--server-name", sets: "server_name", to: .text(serverName))) }
        if !bind.isEmpty { flags.append(ConfigurationFlag("--bind", sets: "listeners[0].bind", to: .list(bind))) }
        if let port { flags.append(ConfigurationFlag("--port", sets: "listeners[0].port", to: .text("\(port)"))) }
        return flags
    }
}
