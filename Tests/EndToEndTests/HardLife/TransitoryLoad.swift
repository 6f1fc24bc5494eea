import Glibc
import TestSupport
import Testing

/// Writers to a transitory database through Store's own API, in a process that is killed with the server, and the check of what they left.
///
/// The program and the lines that it prints are described in Tests/TransitoryWriter.
final class TransitoryLoad {
    /// An entry, as the program prints it.
    private struct Entry: Hashable {
        let position: Int64
        let writer: Int
        let number: Int

        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard fields.count == 3, let position = Int64(fields[0]), let writer = Int(fields[1]), let number = Int(fields[2]) else {
                return nil
            }
            (self.position, self.writer, self.number) = (position, writer, number)
        }
    }

    private let directory: TemporaryDirectory
    private var process: ChildProcess?
    /// The newest entry of each writer when it was last looked.
    private var newest: [Int: Entry] = [:]
    private var position: Int64 = 0
    /// How many commits were acknowledged.
    private(set) var acknowledgedCount = 0

    init() throws {
        directory = try TemporaryDirectory("martlet-transitory")
    }

    private var outputPath: String { "\(directory.path)/acknowledged" }

    /// Starts the writers; returns when the database is open.
    func start() async throws {
        let process = try ChildProcess(
            ServerProcess.builtProgram("TransitoryWriter"), ["write", "\(directory.path)/data"], outputPath: outputPath)
        self.process = process
        let deadline = ContinuousClock.now + ServerProcess.startTimeout
        while !process.output.hasPrefix("open\n") {
            try #require(process.exitStatus == nil && ContinuousClock.now < deadline, "\(process.output)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func kill() {
        process?.kill()
    }

    /// Checks what is in the database after a kill: all that was acknowledged, each once; no gap in what a writer wrote; positions that only
    /// grow; and as each writer's newest entry the newest.
    func check() async throws {
        let acknowledged = try #require(process).output.split(separator: "\n").compactMap(Entry.init)
        acknowledgedCount += acknowledged.count
        let list = try await ChildProcess.run(
            ServerProcess.builtProgram("TransitoryWriter"), ["list", "\(directory.path)/data", "\(position + 1)"],
            outputPath: "\(directory.path)/list", timeout: ServerProcess.startTimeout)
        try #require(list.status == .exited(0), "\(list.output)")
        let lines = list.output.split(separator: "\n")
        let entries = lines.compactMap(Entry.init)
        let missing = Set(acknowledged).subtracting(entries)
        #expect(missing.isEmpty, "acknowledged and not there: \(missing.prefix(5)), \(missing.count) in all")
        for entry in entries {
            #expect(entry.position > position)
            #expect(entry.number == (newest[entry.writer]?.number ?? 0) + 1, "writer \(entry.writer) at \(entry.position)")
            position = entry.position
            newest[entry.writer] = entry
        }
        let said = lines.filter { $0.hasPrefix("newest ") }.compactMap { Entry($0.dropFirst("newest ".count)) }
        #expect(Set(said) == Set(newest.values))
    }
}
