/// A number that a scenario measured, for the report.
struct Figure: Sendable {
    /// Its name in the JSON report, with the unit: `p99_ms`.
    let key: String
    /// Its name in the readable report.
    let label: String
    /// nil where there was nothing to measure.
    let value: Double?
    /// Written behind the value in the readable report.
    let unit: String
    /// Digits behind the point in the readable report.
    let decimals: Int
    /// Whether the ratio of two sides says something.
    let isCompared: Bool

    init(_ key: String, _ label: String, _ value: Double?, unit: String = "", decimals: Int = 0, isCompared: Bool = true) {
        self.key = key
        self.label = label
        self.value = value
        self.unit = unit
        self.decimals = decimals
        self.isCompared = isCompared
    }
}

/// All that was measured of one kind of operation against one server.
struct Measurement: Sendable {
    /// The operation: `send`, `initial sync`.
    let name: String
    let figures: [Figure]
    let failures: [RequestFailure: Int]

    /// - Parameters:
    ///   - tally: the operations' outcomes.
    ///   - observation: of the time in which they ran; nil where they ran beside others that are measured.
    ///   - isPaced: whether the generator waited between the operations, so that their rate says nothing about the server.
    ///   - extra: what only this scenario measures.
    init(_ name: String, _ tally: Tally, _ observation: Observation?, isPaced: Bool = false, extra: [Figure] = []) {
        self.name = name
        failures = tally.failures
        let latencies = tally.latencies
        var figures = [Figure("count", "answered", Double(latencies.count), isCompared: false)]
        figures.append(Figure("failed", "failed", Double(tally.failureCount), isCompared: false))
        if let observation, !isPaced {
            figures.append(Figure("seconds", "in", observation.seconds, unit: "s", decimals: 2, isCompared: false))
            figures.append(Figure("rate_per_s", "rate", Double(latencies.count) / observation.seconds, unit: "/s", decimals: 1))
        }
        figures += [
            Figure("min_ms", "min", latencies.minimum, unit: "ms", decimals: 2),
            Figure("median_ms", "median", latencies.milliseconds(atPercentile: 50), unit: "ms", decimals: 2),
            Figure("mean_ms", "mean", latencies.mean, unit: "ms", decimals: 2),
            Figure("p90_ms", "p90", latencies.milliseconds(atPercentile: 90), unit: "ms", decimals: 2),
            Figure("p99_ms", "p99", latencies.milliseconds(atPercentile: 99), unit: "ms", decimals: 2),
            Figure("max_ms", "max", latencies.maximum, unit: "ms", decimals: 2),
        ]
        figures += extra
        if let observation {
            figures += Self.usage(observation, operations: latencies.count)
        }
        self.figures = figures
    }

    private static func usage(_ observation: Observation, operations: Int) -> [Figure] {
        var figures: [Figure] = []
        if let server = observation.server {
            func mebibytes(_ kibibytes: Int) -> Double { Double(kibibytes) / 1024 }
            figures += [
                Figure("rss_before_mib", "resident before", mebibytes(server.residentBeforeKiB), unit: "MiB", decimals: 1),
                Figure("rss_peak_mib", "resident peak", mebibytes(server.residentPeakKiB), unit: "MiB", decimals: 1),
                Figure("rss_after_mib", "resident after", mebibytes(server.residentAfterKiB), unit: "MiB", decimals: 1),
                Figure("rss_high_water_mib", "most since its start", mebibytes(server.highWaterKiB), unit: "MiB", decimals: 1),
                Figure("server_cpu_s", "server CPU", server.cpuSeconds, unit: "s", decimals: 2, isCompared: false),
                Figure(
                    "server_cpu_ms_per_operation", "server CPU, each",
                    operations == 0 ? nil : server.cpuSeconds * 1000 / Double(operations),
                    unit: "ms", decimals: 3),
                Figure("server_age_s", "server age before", server.ageSeconds, unit: "s", decimals: 1, isCompared: false),
            ]
        }
        figures.append(
            Figure("generator_cpu_s", "generator CPU", observation.generatorCPUSeconds, unit: "s", decimals: 2, isCompared: false))
        return figures
    }
}
