import Glibc

/// Copies of whole directories, and what is on the disk of them.
extension DirectoryTree {
    /// How much is copied at a time.
    private static let blockBytes = 256 << 10

    /// Copies a file, or a directory with everything in it, to `target`, which must not exist. The copy is on the disk when this returns.
    ///
    /// - Parameter isFinal: whether a file of this path never changes again, and so is linked where the file systems allow it.
    /// - Throws: `StoreError.dataDirectory` when something can't be read or written, or is neither a file nor a directory.
    static func copy(_ source: String, to target: String, linking isFinal: (String) -> Bool = { _ in false }) throws(StoreError) {
        let status = try status(of: source)
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            if isFinal(source), link(source, target) == 0 { return }
            try copyFile(source, to: target, mode: status.st_mode & 0o777)
        case S_IFDIR:
            guard mkdir(target, 0o700) == 0 else { throw .dataDirectory("\(target) can't be made: \(DurableFile.lastError)") }
            for name in try names(in: source) { try copy("\(source)/\(name)", to: "\(target)/\(name)", linking: isFinal) }
            try DurableFile.syncDirectory(target)
        default:
            throw .dataDirectory("\(source) is neither a file nor a directory and can't be copied")
        }
    }

    /// Puts a file, or a directory with everything in it, on the disk.
    static func sync(_ path: String) throws(StoreError) {
        guard try isDirectory(path) else { return try DurableFile.sync(path) }
        for name in try names(in: path) { try sync("\(path)/\(name)") }
        try DurableFile.syncDirectory(path)
    }

    /// How many bytes the files of a directory have together; of a file, how many it has.
    static func bytes(in path: String) throws(StoreError) -> UInt64 {
        let status = try status(of: path)
        guard status.st_mode & S_IFMT == S_IFDIR else { return UInt64(max(0, status.st_size)) }
        var sum: UInt64 = 0
        for name in try names(in: path) { sum += try bytes(in: "\(path)/\(name)") }
        return sum
    }

    /// Whether there is something at `path`.
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Whether two paths lie on one file system, so that a file of one can be linked or renamed into the other.
    static func isOneFileSystem(_ first: String, _ second: String) throws(StoreError) -> Bool {
        try status(of: first).st_dev == status(of: second).st_dev
    }

    private static func isDirectory(_ path: String) throws(StoreError) -> Bool {
        try status(of: path).st_mode & S_IFMT == S_IFDIR
    }

    private static func status(of path: String) throws(StoreError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .dataDirectory("\(path) can't be read: \(DurableFile.lastError)") }
        return status
    }

    private static func copyFile(_ source: String, to target: String, mode: mode_t) throws(StoreError) {
        func failure(_ path: String, _ done: String) -> StoreError { .dataDirectory("\(path) can't be \(done): \(DurableFile.lastError)") }
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw failure(source, "read") }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard output >= 0 else { throw failure(target, "written") }
        defer { close(output) }
        var block = [UInt8](repeating: 0, count: blockBytes)
        while true {
            let count = read(input, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(source, "read") }
            if count == 0 { break }
            var rest = block[..<count]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw failure(target, "written") }
                rest = rest.dropFirst(written)
            }
        }
        guard fsync(output) == 0 else { throw failure(target, "written") }
    }
}
