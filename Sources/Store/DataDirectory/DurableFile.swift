import Glibc

/// Small files that survive a crash whole.
enum DurableFile {
    /// What the last failed call of the C library says, for a message.
    static var lastError: String { String(cString: strerror(errno)) }

    /// Replaces the file at `path` in `directory` by one with these bytes, which its owner alone may read. It is on the disk when
    /// this returns; after a crash before that, the old file or the new one is there.
    static func write(_ bytes: [UInt8], to path: String, in directory: String) throws(StoreError) {
        let newPath = "\(path).new"
        let descriptor = open(newPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(newPath) }
        do throws(StoreError) {
            defer { close(descriptor) }
            var written = 0
            while written < bytes.count {
                // The array outlives the call, and the call reads no more than what is left of it.
                let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure(newPath) }
                written += count
            }
            guard fsync(descriptor) == 0 else { throw failure(newPath) }
        } catch {
            unlink(newPath)
            throw error
        }
        guard rename(newPath, path) == 0 else { throw failure(path) }
        try syncDirectory(directory)
    }

    /// The bytes of the file at `path`; nil if there is none.
    static func read(_ path: String) throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .dataDirectory("\(path) can't be read: \(lastError)")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .dataDirectory("\(path) can't be read: \(lastError)") }
            if count == 0 { return bytes }
            bytes += block[..<count]
        }
    }

    /// Puts on the disk which files the directory at `path` has.
    static func syncDirectory(_ path: String) throws(StoreError) {
        try sync(path, O_DIRECTORY)
    }

    /// Puts on the disk what the file at `path` holds.
    static func sync(_ path: String) throws(StoreError) {
        try sync(path, 0)
    }

    private static func sync(_ path: String, _ flags: Int32) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> StoreError {
        .dataDirectory("\(path) can't be written: \(lastError)")
    }
}
