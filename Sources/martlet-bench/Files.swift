import Glibc

/// A file that could not be read or written.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}

/// The content of a text file; nil where it cannot be read.
func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { break }
        content += chunk[..<count]
    }
    return ferror(file) == 0 ? String(decoding: content, as: UTF8.self) : nil
}

/// Writes a file, or writes it anew. It is readable by its owner only, since a scenario's state holds access tokens.
func writeFile(_ path: String, _ content: [UInt8]) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { close(descriptor) }
    var written = 0
    while written < content.count {
        let count = content[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw FileError(path: path, code: errno) }
        written += count
    }
}

/// Tells the person at the terminal how far things are. Standard output is for the report.
func progress(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
