import Glibc

/// Finds out whether a disk takes writes again: a file is written, synced and removed.
enum DiskProbe {
    /// The file's name, in the directory whose disk is probed.
    private static let name = "probe"
    private static let blockBytes = 64 << 10

    /// Writes at least `bytes` bytes to a file in `directory`, has them synced, and removes the file.
    ///
    /// - Throws: `StoreError.dataDirectory` when the disk doesn't take them.
    static func run(in directory: String, bytes: Int, random: any RandomSource) throws(StoreError) {
        let path = "\(directory)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer {
            close(descriptor)
            unlink(path)
        }
        // A file system that compresses would make little of zeros.
        let block = random.bytes(min(bytes, blockBytes))
        var left = bytes
        while left > 0 {
            let count = write(descriptor, block, min(block.count, left))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            left -= count
        }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    /// Removes what a probe has left that the process didn't survive.
    static func removeRemains(in directory: String) {
        unlink("\(directory)/\(name)")
    }

    private static func failure(_ path: String) -> StoreError {
        .dataDirectory("\(path) can't be written: \(DurableFile.lastError)")
    }
}
