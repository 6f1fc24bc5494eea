import ArgumentParser
import AsyncHTTPClient
import EventLoopExecutor
import NIOCore

/// Something that clients do, measured. Each scenario is a subcommand in a file of its own in Scenarios/:
///
/// ```swift
/// struct Create: Scenario {
///     static let configuration = CommandConfiguration(abstract: "Create rooms.")
///     @OptionGroup var options: ScenarioOptions
///     var settings: [Setting] { ... }
///     func measure(_ side: Side) async throws -> [Measurement] { ... }
/// }
/// ```
protocol Scenario: AsyncParsableCommand, Sendable {
    var options: ScenarioOptions { get }

    /// What the run was asked to do, for the report.
    var settings: [Setting] { get }

    /// Prepares what is needed on one server, then measures. An error in preparing is thrown; failures of what is measured are counted.
    func measure(_ side: Side) async throws -> [Measurement]
}

/// An option's value, as the report shows it.
struct Setting: Sendable {
    let name: String
    let value: String

    init(_ name: String, _ value: some CustomStringConvertible) {
        self.name = name
        self.value = value.description
    }
}

extension Scenario {
    mutating func run() async throws {
        let scenario = self
        try await withClient { http in
            let sides = try scenario.options.sides(http: http)
            try await Comparison(scenario: scenario, settings: scenario.settings, sides: sides).run { side in
                try await scenario.measure(side)
            }
        }
    }

    /// Calls `body` with an HTTP client, on its event loop's thread.
    func withClient(_ body: @Sendable (HTTPClient) async throws -> Void) async throws {
        let http = HTTPClient.forLoad()
        do {
            try await withTaskExecutorPreference(EventLoopExecutor(http.eventLoopGroup.any())) {
                try await body(http)
            }
        } catch {
            try await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }
}

extension HTTPClient {
    /// A client with as many kept connections as there are requests at once. It follows no redirects and repeats nothing.
    fileprivate static func forLoad() -> HTTPClient {
        var pool = HTTPClient.Configuration.ConnectionPool(idleTimeout: .seconds(20), concurrentHTTP1ConnectionsPerHostSoftLimit: 8192)
        pool.retryConnectionEstablishment = false
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10)), connectionPool: pool)
        configuration.httpVersion = .http1Only
        return HTTPClient(configuration: configuration)
    }
}
