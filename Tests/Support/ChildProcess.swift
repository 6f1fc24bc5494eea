import Glibc
import Synchronization

/// A program that a test runs beside itself, ended at the latest when the value is released.
///
/// Standard output and standard error go to one file, so that a program that writes much never waits for its reader. It inherits no other
/// open files: what tests beside it have open (locks, sockets) is not kept open by it.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum ExitStatus: Sendable, Equatable {
        /// By itself, with this status.
        case exited(Int32)
        /// By this signal.
        case signaled(Int32)
    }

    /// Why a program could not be started, or was not waited for any longer.
    public enum Failure: Error {
        /// The system's error number for the start.
        case notStarted(executable: String, errno: Int32)
        /// It still ran at the end of the time that it had.
        case timedOut(executable: String, output: String)
    }

    /// The process's ID.
    public let processID: pid_t
    /// The path of the program.
    public let executable: String
    /// The path of the file that has the standard output and standard error.
    public let outputPath: String
    private let status = Mutex<ExitStatus?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: The program's path.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Variables that are set, or replaced, in a copy of the environment of the tests.
    ///   - outputPath: A file that is made, or emptied, for standard output and standard error.
    public init(_ executable: String, _ arguments: [String], environment: [String: String] = [:], outputPath: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        _ = Self.addCloseFrom?(&actions, STDERR_FILENO + 1)

        let variables = Self.inheritedEnvironment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        // The strings live until posix_spawn has returned; it keeps none of them.
        let argv = ([executable] + arguments).map { strdup($0) } + [nil]
        let envp = variables.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var processID = pid_t()
        let result = posix_spawn(&processID, executable, &actions, nil, argv, envp)
        guard result == 0 else { throw Failure.notStarted(executable: executable, errno: result) }
        self.processID = processID
        self.executable = executable
        self.outputPath = outputPath
    }

    deinit {
        kill()
    }

    /// What the program has written to standard output and standard error so far.
    public var output: String {
        readFile(outputPath).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// How the program ended; nil while it runs.
    public var exitStatus: ExitStatus? {
        reap(options: WNOHANG)
    }

    /// Sends a signal, unless the program has ended.
    public func send(signal: Int32) {
        status.withLock { status in
            // Until it is reaped, its process ID is no other's.
            if status == nil { _ = Glibc.kill(processID, signal) }
        }
    }

    /// Ends the program with SIGKILL and waits for its end.
    public func kill() {
        send(signal: SIGKILL)
        reap(options: 0)
    }

    /// Waits for the program's end.
    @discardableResult
    public func wait(timeout: Duration = .seconds(60)) async throws -> ExitStatus {
        let deadline = ContinuousClock.now + timeout
        while true {
            // Late or not: tests beside this one can keep it from looking for longer than the time that there is.
            if let exitStatus { return exitStatus }
            guard ContinuousClock.now < deadline else { throw Failure.timedOut(executable: executable, output: output) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: How it ended, and what it has written.
    public static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], outputPath: String,
        timeout: Duration = .seconds(60)
    ) async throws -> (status: ExitStatus, output: String) {
        let process = try ChildProcess(executable, arguments, environment: environment, outputPath: outputPath)
        let status = try await process.wait(timeout: timeout)
        return (status, process.output)
    }

    @discardableResult
    private func reap(options: Int32) -> ExitStatus? {
        status.withLock { status in
            if let status { return status }
            var word: Int32 = 0
            guard waitpid(processID, &word, options) == processID else { return nil }
            let signal = word & 0x7f
            status = signal == 0 ? .exited((word >> 8) & 0xff) : .signaled(signal)
            return status
        }
    }

    /// `posix_spawn_file_actions_addclosefrom_np`, which the C library has and its headers show to GNU C only.
    ///
    /// The type is the function's own; the C library is never unloaded.
    private static let addCloseFrom: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32)? =
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
            unsafeBitCast($0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
        }

    /// The environment of the tests, without the server's own variables: a test sets those that it means.
    private static let inheritedEnvironment: [String: String] = {
        let bytes = readFile("/proc/self/environ") ?? []
        let pairs = bytes.split(separator: 0).compactMap { variable -> (String, String)? in
            guard let equals = variable.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (String(decoding: variable[..<equals], as: UTF8.self), String(decoding: variable[(equals + 1)...], as: UTF8.self))
        }
        return Dictionary(pairs) { $1 }.filter { !$0.key.hasPrefix("MARTLET_") }
    }()
}

/// A file's bytes; nil if it cannot be read.
public func readFile(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count > 0 {
            bytes += buffer[..<count]
        } else if count == 0 {
            return bytes
        } else if errno != EINTR {
            return nil
        }
    }
}
