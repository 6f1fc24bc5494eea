import Glibc

/// The file `control.sock` of a data directory: the socket through which the administrator's commands ask the running server.
///
/// Invariants:
/// - From its first moment the socket is its owner's alone (mode 0600): it is bound inside a directory that nobody else may enter, and
///   takes its place when its mode is right.
/// - Only who holds the data directory's lock makes, replaces or removes it. What a killed server has left is replaced.
package final class ControlSocketFile: Sendable {
    package static let name = "control.sock"
    /// The directory inside the data directory in which the socket is made.
    private static let birthplace = "control.new"

    /// The data directory's path, for messages.
    private let directory: String
    /// The data directory, open only to be named.
    private let descriptor: Int32

    /// - Throws: `StoreError.dataDirectory` when there is no such directory.
    package init(in directory: String) throws(StoreError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .dataDirectory("\(directory) can't be opened: \(DurableFile.lastError)") }
        self.directory = directory
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The socket's path, for messages.
    package var path: String { "\(directory)/\(Self.name)" }

    /// The path by which this process reaches the socket. The address of a socket has room for 108 bytes, and data directories have
    /// longer paths; this one is short wherever the directory is.
    package var address: String { address(of: Self.name) }

    /// Whether there is a socket, of a running server or of a killed one.
    package var exists: Bool {
        var status = stat()
        return fstatat(descriptor, Self.name, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Makes the place where a server binds its socket, before ``publish()``.
    ///
    /// - Returns: the address to bind.
    package func prepare() throws(StoreError) -> String {
        removeBirthplace()
        guard mkdirat(descriptor, Self.birthplace, 0o700) == 0 else { throw failure("made") }
        return address(of: "\(Self.birthplace)/\(Self.name)")
    }

    /// Gives the bound socket its mode and its name.
    package func publish() throws(StoreError) {
        let made = "\(Self.birthplace)/\(Self.name)"
        guard fchmodat(descriptor, made, 0o600, 0) == 0, renameat(descriptor, made, descriptor, Self.name) == 0 else {
            throw failure("made")
        }
        removeBirthplace()
    }

    /// Removes the socket, published or not. Nothing happens when there is none.
    package func remove() {
        unlinkat(descriptor, Self.name, 0)
        removeBirthplace()
    }

    private func removeBirthplace() {
        unlinkat(descriptor, "\(Self.birthplace)/\(Self.name)", 0)
        unlinkat(descriptor, Self.birthplace, AT_REMOVEDIR)
    }

    private func address(of name: String) -> String { "/proc/self/fd/\(descriptor)/\(name)" }

    private func failure(_ what: String) -> StoreError {
        .dataDirectory("the control socket \(path) can't be \(what): \(DurableFile.lastError)")
    }
}
