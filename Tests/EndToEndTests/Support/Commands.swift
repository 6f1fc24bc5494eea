import TestSupport
import Testing

extension ServerProcess {
    /// Runs a command of the server's program to its end.
    func martlet(_ arguments: String...) async throws -> (status: ChildProcess.ExitStatus, output: String) {
        try await martlet(arguments)
    }

    /// Runs a command of the server's program to its end.
    func martlet(_ arguments: [String]) async throws -> (status: ChildProcess.ExitStatus, output: String) {
        let command = options.launcher + [Self.executable] + arguments
        return try await ChildProcess.run(
            command[0], Array(command.dropFirst()), outputPath: "\(directory.path)/\(unique("command")).log", timeout: Self.startTimeout)
    }

    /// Copies a directory to another in this server's, as `cp -a` does; the copy's path.
    func copy(_ path: String, as name: String) async throws -> String {
        let copy = "\(directory.path)/\(name)"
        let copied = try await ChildProcess.run("/bin/cp", ["-a", path, copy], outputPath: "\(directory.path)/\(unique("cp")).log")
        try #require(copied.status == .exited(0), "\(copied.output)")
        return copy
    }
}
