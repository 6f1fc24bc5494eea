import ArgumentParser

/// Runs a scenario on one server, or on two in turn, and reports.
struct Comparison<Subject: Scenario>: Sendable {
    let scenario: Subject
    /// What the run was asked to do, for the report.
    let settings: [Setting]
    let sides: [Side]

    /// Measures each side with `measure`, prints the report, and writes it as JSON where that is asked for.
    ///
    /// - Throws: what `measure` throws; `ExitCode.failure` after the report if any of the measured requests failed.
    func run(_ measure: (Side) async throws -> [Measurement]) async throws {
        var results: [Report.SideResult] = []
        for side in sides {
            let server = try await side.identify()
            progress("\(side.name): \(side.baseURL)" + (server.map { " (\($0))" } ?? ""))
            results.append(
                Report.SideResult(name: side.name, baseURL: side.baseURL, server: server, measurements: try await measure(side)))
        }
        let report = Report(scenario: Subject._commandName, settings: settings, sides: results)
        print(report.text(), terminator: "")
        if let path = scenario.options.json {
            try writeFile(path, report.json())
        }
        if report.hasFailures {
            throw ExitCode.failure
        }
    }
}
