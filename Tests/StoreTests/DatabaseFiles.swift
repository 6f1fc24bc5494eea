import Glibc

/// The files of a database's directory, as a crash or a copy would find them.
struct DatabaseFiles: Equatable {
    var contents: [String: [UInt8]]

    /// Reads every file in the directory but RocksDB's lock and its info logs, which even opening for reading makes anew.
    init(in directory: String) throws {
        contents = [:]
        for name in try Self.names(in: directory) where name != "LOCK" && !name.hasPrefix("LOG") {
            contents[name] = try Self.read("\(directory)/\(name)")
        }
    }

    /// How much has been written to the newest write-ahead log.
    var logSize: Int {
        newestLog.flatMap { contents[$0]?.count } ?? 0
    }

    /// Forgets what was written to the newest write-ahead log beyond `size`, as a machine does that fails before it was synced.
    mutating func truncateLog(to size: Int) {
        guard let newestLog, let log = contents[newestLog] else { return }
        contents[newestLog] = Array(log.prefix(size))
    }

    /// Writes the files to a directory, which is made.
    func write(to directory: String) throws {
        guard mkdir(directory, 0o700) == 0 else { throw Failure(errno: errno) }
        for (name, bytes) in contents {
            let descriptor = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_EXCL, 0o600)
            guard descriptor >= 0 else { throw Failure(errno: errno) }
            defer { close(descriptor) }
            guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure(errno: errno) }
        }
    }

    /// The names of what is in a directory.
    static func names(in path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw Failure(errno: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    private var newestLog: String? {
        contents.keys.filter { $0.hasSuffix(".log") }.max()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            guard count >= 0 else { throw Failure(errno: errno) }
            if count == 0 { return bytes }
            bytes += block[..<count]
        }
    }

    private struct Failure: Error {
        let errno: Int32
    }
}
