import Glibc

/// Whole directories.
enum DirectoryTree {
    /// Removes a directory and everything in it; nothing happens when there is none.
    static func remove(_ path: String) throws {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return }
            throw StoreError.dataDirectory("\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            // `d_name` is an array of 256 bytes that holds a C string.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name == "." || name == ".." { continue }
            let child = "\(path)/\(name)"
            if Int(entry.pointee.d_type) == Int(DT_DIR) {
                try remove(child)
            } else if unlink(child) != 0 {
                throw StoreError.dataDirectory("\(child) can't be removed: \(String(cString: strerror(errno)))")
            }
        }
        guard rmdir(path) == 0 else {
            throw StoreError.dataDirectory("\(path) can't be removed: \(String(cString: strerror(errno)))")
        }
    }
}
