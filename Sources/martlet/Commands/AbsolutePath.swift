import Glibc

/// Paths from the root, so that another process finds them too.
enum AbsolutePath {
    /// The path from the root of one that may begin in the working directory.
    static func of(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }
}
