import Glibc

/// Whole directories.
enum DirectoryTree {
    /// The names of what is in a directory, in no order.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let directory = opendir(path) else { throw .dataDirectory("\(path) can't be read: \(DurableFile.lastError)") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // `d_name` is an array of 256 bytes that holds a C string.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether there is nothing at all in the directory, or no directory.
    static func isEmptyOrAbsent(_ path: String) throws(StoreError) -> Bool {
        guard exists(path) else { return true }
        return try names(in: path).isEmpty
    }

    /// Removes a file, or a directory and everything in it; nothing happens when there is none.
    static func remove(_ path: String) throws(StoreError) {
        if unlink(path) == 0 || errno == ENOENT { return }
        // What Linux says of a directory, and POSIX.
        guard errno == EISDIR || errno == EPERM else { throw .dataDirectory("\(path) can't be removed: \(DurableFile.lastError)") }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 else { throw .dataDirectory("\(path) can't be removed: \(DurableFile.lastError)") }
    }
}
