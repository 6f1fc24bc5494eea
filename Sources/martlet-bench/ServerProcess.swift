import Glibc

/// A server's process on this machine, read from /proc.
struct ServerProcess: Sendable {
    let processID: Int

    /// Memory in KiB, CPU time in seconds.
    struct Sample: Sendable {
        /// Memory that is resident now.
        let residentKiB: Int
        /// The most that has been resident since the process began.
        let highWaterKiB: Int
        /// User and system time since the process began.
        let cpuSeconds: Double
        /// How long ago the process began.
        let ageSeconds: Double
    }

    /// nil where there is no such process.
    func sample() -> Sample? {
        guard let status = readFile("/proc/\(processID)/status"), let statistics = readFile("/proc/\(processID)/stat"),
            let uptime = readFile("/proc/uptime"), let resident = Self.kibibytes("VmRSS:", in: status),
            let highWater = Self.kibibytes("VmHWM:", in: status)
        else { return nil }
        // The command's name (field 2) stands in parentheses and may contain blanks: fields are counted from behind it (field 3 is 0).
        let fields = statistics[(statistics.lastIndex(of: ")") ?? statistics.startIndex)...].split(separator: " ").dropFirst().map {
            Int($0)
        }
        guard fields.count > 19, let user = fields[11], let system = fields[12], let began = fields[19],
            let uptimeSeconds = uptime.split(separator: " ").first.flatMap({ Double($0) })
        else { return nil }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        return Sample(
            residentKiB: resident, highWaterKiB: highWater, cpuSeconds: Double(user + system) / ticksPerSecond,
            ageSeconds: uptimeSeconds - Double(began) / ticksPerSecond)
    }

    private static func kibibytes(_ name: String, in status: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix(name) }?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
            Int($0)
        }
    }
}
