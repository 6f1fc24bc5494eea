import Glibc

/// The repository that the tests were built from.
public enum Repository {
    /// Its path: this file is two folders below. Resolved, since a package elsewhere may have linked the folder.
    public static let path: String = {
        let source = realpath(#filePath, nil)
        defer { free(source) }
        let path = source.map { String(cString: $0) } ?? #filePath
        return path.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    }()
}
