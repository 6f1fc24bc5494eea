import Glibc

/// A Python virtual environment, `.venv` in the repository, for tests that compare with a Python program.
///
/// It is made when a test first asks for it, and grows with the packages that tests ask for. Several tests, in several processes, may ask
/// at once: whoever changes it holds a lock file in it, and a stamp file names the packages that it has, so that asking again costs one
/// small read.
///
/// ```swift
/// let python = try PythonEnvironment.python(with: ["foundationdb"])
/// let result = try PythonEnvironment.run([python, "-c", script], input: text)
/// #expect(result.status == 0, "\(result.stderr)")
/// ```
public enum PythonEnvironment {
    /// Why there is no environment.
    public enum Failure: Error {
        /// The system refused something, with the C library's error number.
        case system(String, errno: Int32)
        /// A command that makes the environment failed; the text is what it said.
        case command([String], status: Int32, stderr: String)
    }

    /// Makes sure that the packages are installed.
    ///
    /// - Parameter packages: What pip is to install: names on PyPI, with versions if they matter (`canonicaljson==2.0.0`).
    /// - Returns: The path of the environment's interpreter.
    public static func python(with packages: [String]) throws -> String {
        let python = "\(directory)/bin/python"
        if let installed = installedPackages(), installed.isSuperset(of: packages) { return python }

        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else { throw Failure.system("mkdir \(directory)", errno: errno) }
        let lock = open("\(directory)/martlet.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw Failure.system("open the lock in \(directory)", errno: errno) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Failure.system("lock \(directory)", errno: errno) }
        }

        // Another process may have done it while this one waited.
        if installedPackages() == nil {
            try succeed(["python3", "-m", "venv", directory])
            try stamp([])
        }
        let installed = installedPackages() ?? []
        let missing = Set(packages).subtracting(installed)
        if !missing.isEmpty {
            try succeed([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + missing.sorted())
            try stamp(installed.union(missing))
        }
        return python
    }

    /// Runs a program to its end, and blocks the thread until then.
    ///
    /// - Parameters:
    ///   - command: The program, by its path or by a name that is looked up in `PATH`, and its arguments.
    ///   - input: What it reads from standard input.
    /// - Returns: The exit status, or 128 and the number of the signal that ended it; and what it wrote.
    public static func run(_ command: [String], input: String = "") throws -> (status: Int32, stdout: String, stderr: String) {
        // Files, not pipes: neither side ever waits for the other, however much there is.
        let files = try TemporaryDirectory("martlet-python")
        let (stdin, stdout, stderr) = ("\(files.path)/stdin", "\(files.path)/stdout", "\(files.path)/stderr")
        try write(input, to: stdin)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, stdin, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, stdout, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, stderr, O_WRONLY | O_CREAT, 0o600)

        // The strings live until posix_spawnp has returned; it keeps none of them.
        let arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let result = posix_spawnp(&process, command[0], &actions, nil, arguments, environ)
        guard result == 0 else { throw Failure.system("start \(command[0])", errno: result) }
        var word: Int32 = 0
        while waitpid(process, &word, 0) < 0 {
            guard errno == EINTR else { throw Failure.system("wait for \(command[0])", errno: errno) }
        }
        let signal = word & 0x7f
        return (
            status: signal == 0 ? (word >> 8) & 0xff : 128 + signal,
            stdout: String(decoding: readFile(stdout) ?? [], as: UTF8.self),
            stderr: String(decoding: readFile(stderr) ?? [], as: UTF8.self)
        )
    }

    /// The environment's path, in the repository.
    private static let directory = "\(Repository.path)/.venv"

    private static var stampPath: String { "\(directory)/martlet-packages" }

    /// The packages that the stamp file names; nil without one, when the environment is not there or not complete.
    private static func installedPackages() -> Set<String>? {
        readFile(stampPath).map { Set(String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)) }
    }

    /// Replaces the stamp file. A rename, so that those who read it without the lock find the old one or the new one.
    private static func stamp(_ packages: Set<String>) throws {
        try write(packages.sorted().joined(separator: "\n"), to: stampPath + ".new")
        guard rename(stampPath + ".new", stampPath) == 0 else { throw Failure.system("rename to \(stampPath)", errno: errno) }
    }

    private static func succeed(_ command: [String]) throws {
        let result = try run(command)
        guard result.status == 0 else { throw Failure.command(command, status: result.status, stderr: result.stderr) }
    }

    private static func write(_ text: String, to path: String) throws {
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Failure.system("write \(path)", errno: errno) }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Failure.system("write \(path)", errno: errno) }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
