import Glibc
import NIOCore

/// What was seen from outside while something was measured.
struct Observation: Sendable {
    /// Wall-clock time.
    let seconds: Double
    /// CPU time of this program: with a whole core's worth, the generator was the limit, not the server.
    let generatorCPUSeconds: Double
    /// nil where the server's process is not known.
    let server: ServerUsage?

    /// A server's memory and CPU time. The peak is the largest of samples `samplingInterval` apart.
    struct ServerUsage: Sendable {
        let residentBeforeKiB: Int
        let residentPeakKiB: Int
        let residentAfterKiB: Int
        let highWaterKiB: Int
        let cpuSeconds: Double
        /// How long the server had been running at the beginning.
        let ageSeconds: Double
    }

    static let samplingInterval: Duration = .milliseconds(50)

    /// Runs `work` and observes this program and the server's process during it.
    static func of<Output: Sendable>(
        _ process: ServerProcess?, during work: () async throws -> Output
    ) async throws -> (Output, Observation) {
        let before = process?.sample()
        let cpuBefore = generatorCPUSeconds()
        let start = NIODeadline.now()
        let sampler = Task {
            var peak = 0
            while let process, !Task.isCancelled {
                peak = max(peak, process.sample()?.residentKiB ?? 0)
                try? await Task.sleep(for: samplingInterval)
            }
            return peak
        }
        defer { sampler.cancel() }
        let output = try await work()
        let seconds = Double((.now() - start).nanoseconds) / 1e9
        let cpu = generatorCPUSeconds() - cpuBefore
        let after = process?.sample()
        sampler.cancel()
        let peak = await sampler.value
        var usage: ServerUsage?
        if let before, let after {
            usage = ServerUsage(
                residentBeforeKiB: before.residentKiB, residentPeakKiB: max(peak, after.residentKiB), residentAfterKiB: after.residentKiB,
                highWaterKiB: after.highWaterKiB, cpuSeconds: after.cpuSeconds - before.cpuSeconds, ageSeconds: before.ageSeconds)
        }
        return (output, Observation(seconds: seconds, generatorCPUSeconds: cpu, server: usage))
    }

    private static func generatorCPUSeconds() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
