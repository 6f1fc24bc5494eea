import Glibc
import TestSupport
import Testing

/// What is in a data directory, to see whether anything was changed.
struct DirectoryFiles {
    private static let leftBehind: Set = ["lock", "LOCK", "control.sock"]

    private var files: [String: [UInt8]] = [:]

    /// Reads everything but what a start leaves behind even when it is refused: locks, info logs of RocksDB, the control socket.
    init(of directory: String) throws {
        for name in try names(inDirectory: directory) where !name.hasPrefix("LOG") && !Self.leftBehind.contains(name) {
            let path = "\(directory)/\(name)"
            if isDirectory(path) {
                for (inner, bytes) in try DirectoryFiles(of: path).files { files["\(name)/\(inner)"] = bytes }
                files["\(name)/"] = []
            } else {
                files[name] = try #require(readFile(path), "\(path) can't be read")
            }
        }
    }

    /// Expects that a directory is still as it was.
    func expectUnchanged(in directory: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let now = try DirectoryFiles(of: directory)
        let changed = Set(files.keys).union(now.files.keys).filter { files[$0] != now.files[$0] }.sorted()
        #expect(changed.isEmpty, "\(changed)", sourceLocation: sourceLocation)
    }
}

/// The names of what is in a directory, sorted.
func names(inDirectory path: String) throws -> [String] {
    let directory = try #require(opendir(path), "\(path) can't be read")
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The size of a file in bytes.
func size(ofFile path: String) throws -> Int {
    var information = stat()
    try #require(stat(path, &information) == 0, "\(path) is not there")
    return Int(information.st_size)
}

/// Changes a bit of each of `count` bytes of a file.
func flipBits(ofFile path: String, at offset: Int, count: Int = 1) throws {
    let file = open(path, O_RDWR | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    for place in offset..<offset + count {
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, off_t(place)) == 1)
        byte ^= 1
        try #require(pwrite(file, &byte, 1, off_t(place)) == 1)
    }
}

private func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}
