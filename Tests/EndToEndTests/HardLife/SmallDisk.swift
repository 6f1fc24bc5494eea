import Glibc
import TestSupport
import Testing

/// A disk with little space: a tmpfs in a mount namespace of its own.
///
/// Programs that are started with its ``launcher`` see it, and nobody else. The namespace ends with the processes in it, and the one that
/// holds it ends with the tests: nothing stays mounted, whatever happens.
final class SmallDisk: Sendable {
    /// Where it is, for the programs in its namespace.
    let mountPath: String
    /// What a program is started with to be in the namespace.
    let launcher: [String]
    /// Where it is for everybody else.
    private let path: String
    private let holder: ChildProcess
    private let ballastPath: String

    /// Makes a disk, `disk` in a directory.
    init(in directory: TemporaryDirectory, megabytes: Int) async throws {
        let namespace = try #require(await Self.namespace.value)
        mountPath = "\(directory.path)/disk"
        try #require(mkdir(mountPath, 0o700) == 0)
        holder = try Self.hold(namespace, mountPath, "size=\(megabytes)m,mode=700", outputPath: "\(directory.path)/mount.log")
        launcher = ["/usr/bin/nsenter", "--target", "\(holder.processID)"] + namespace.joining + ["--"]
        path = "/proc/\(holder.processID)/root\(mountPath)"
        ballastPath = "\(path)/ballast"
        try await Self.waitUntilMounted(holder)
    }

    deinit {
        holder.kill()
    }

    /// How many bytes can still be written.
    var freeBytes: Int {
        get throws {
            var information = statvfs()
            try #require(statvfs(path, &information) == 0)
            return Int(information.f_bavail) * Int(information.f_bsize)
        }
    }

    /// Takes the space away but for `leaving` bytes, from whoever writes meanwhile too.
    func fill(leaving bytes: Int = 0) throws {
        let ballast = open(ballastPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(ballast >= 0)
        defer { close(ballast) }
        var size = 0
        while try freeBytes > bytes {
            // A half of what is too much, as long as somebody else takes some of it at the same time.
            var more = try freeBytes - bytes
            while more > 0, posix_fallocate(ballast, off_t(size), off_t(more)) != 0 { more /= 2 }
            size += more
        }
    }

    /// Gives the space back.
    func empty() {
        unlink(ballastPath)
    }

    // MARK: - Namespaces

    /// How a namespace is made and joined.
    private struct Namespace: Sendable {
        /// The arguments of `unshare`.
        let making: [String]
        /// The arguments of `nsenter`.
        let joining: [String]
    }

    /// Whether such disks can be made here.
    static var isPossible: Bool {
        get async { await namespace.value != nil }
    }

    /// The way that works here: root may mount, others may in a user namespace of their own, if the system lets them make one.
    private static let namespace = Task { () -> Namespace? in
        for namespace in [
            Namespace(making: ["--mount"], joining: ["--mount"]),
            Namespace(making: ["--user", "--map-root-user", "--mount"], joining: ["--user", "--mount", "--preserve-credentials"]),
        ] {
            guard let directory = try? TemporaryDirectory("martlet-mount"),
                let holder = try? hold(namespace, directory.path, "size=1m", outputPath: "\(directory.path)/mount.log")
            else { continue }
            if (try? await waitUntilMounted(holder)) != nil { return namespace }
        }
        return nil
    }

    /// Starts a process that makes the namespace, mounts the disk in it, and stays for as long as the tests run.
    private static func hold(_ namespace: Namespace, _ mountPath: String, _ options: String, outputPath: String) throws -> ChildProcess {
        let script = #"mount -t tmpfs -o "$1" tmpfs "$0" && echo mounted || exit 1; while kill -0 "$2"; do sleep 1; done"#
        return try ChildProcess(
            "/usr/bin/unshare", namespace.making + ["/bin/sh", "-c", script, mountPath, options, "\(getpid())"], outputPath: outputPath)
    }

    private static func waitUntilMounted(_ holder: ChildProcess) async throws {
        while !holder.output.contains("mounted\n") {
            if holder.exitStatus != nil { throw NotMounted(output: holder.output) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private struct NotMounted: Error {
        let output: String
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test where no disk can be mounted.
    static var needsSmallDisk: Self {
        .enabled("needs a tmpfs: root's right to mount, or a user namespace (unshare -Urm)") { await SmallDisk.isPossible }
    }
}
