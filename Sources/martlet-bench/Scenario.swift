import ArgumentParser
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
        try await withConnections { connections in
            let sides = try scenario.options.sides(connections)
            try await Comparison(scenario: scenario, settings: scenario.settings, sides: sides).run { side in
                try await scenario.measure(side)
            }
        }
    }

    /// Calls `body` with connections to servers, on their event loop's thread.
    func withConnections(_ body: @Sendable (Connections) async throws -> Void) async throws {
        let connections = Connections()
        try await withTaskExecutorPreference(EventLoopExecutor(connections.eventLoop)) {
            defer { connections.close() }
            try await body(connections)
        }
    }
}
