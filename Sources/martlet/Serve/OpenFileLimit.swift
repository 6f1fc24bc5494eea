import Glibc
import Logging

/// The number of files and connections that the process may have open.
enum OpenFileLimit {
    /// What the databases alone may need: each of their maps keeps its files open.
    private static let neededFiles: rlim_t = 8192
    /// Where the system allows more, this is enough; some allow so many that programs which close all of them take minutes.
    private static let usefulFiles: rlim_t = 1 << 20

    /// Raises the limit as far as the system allows and as is useful.
    static func raise(logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, usefulFiles))
        let isRaised = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        if !isRaised || limit.rlim_cur < neededFiles {
            logger.warning(
                "The limit on open files is low; raise the hard limit (ulimit -Hn, LimitNOFILE)",
                metadata: ["limit": "\(limit.rlim_cur)", "needed": "\(neededFiles)"])
        }
    }
}
