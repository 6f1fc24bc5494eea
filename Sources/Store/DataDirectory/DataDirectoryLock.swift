import Glibc

/// Keeps a second server out of a data directory: an exclusive `flock` on a file in it, which the kernel takes back when the
/// process ends, however it ends. The file itself stays and names the process that holds or last held the lock.
final class DataDirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of the data directory at `directory`, on a file in it that is made if it isn't there.
    ///
    /// - Throws: `StoreError.inUse` when it is taken, `StoreError.dataDirectory` when the file can't be made.
    init(of directory: String) throws(StoreError) {
        let path = "\(directory)/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .dataDirectory("\(path) can't be made: \(DurableFile.lastError)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error: StoreError =
                errno == EWOULDBLOCK
                ? .inUse("the data directory \(directory) is used by a running server\(Self.holder(descriptor))")
                : .dataDirectory("\(path) can't be locked: \(DurableFile.lastError)")
            close(descriptor)
            throw error
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, text, text.count) == text.count else {
            let reason = DurableFile.lastError
            close(descriptor)
            throw .dataDirectory("\(path) can't be written: \(reason)")
        }
        // Last, since the deinitializer of a complete object runs even when its initializer throws, and would close a second time.
        self.descriptor = descriptor
    }

    deinit {
        // A child that is just being started shares the descriptor, so closing it here might not end the lock.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The process that the open file names, for a message; empty if it names none.
    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}
