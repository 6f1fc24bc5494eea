import Glibc
import Store
import TestSupport
import Testing

@Suite struct DataDirectoryTests {
    @Test func isMadeForItsOwnerAlone() throws {
        let parent = try TemporaryDirectory()
        let directory = try DataDirectory(path: "\(parent.path)/data")
        #expect(mode(of: directory.path) == 0o700)
        #expect(mode(of: directory.path(of: "lock")) == 0o600)
    }

    @Test func keepsOthersOutUntilItIsGivenBack() throws {
        let parent = try TemporaryDirectory()
        let path = "\(parent.path)/data"
        let first = try DataDirectory(path: path)
        let error = try #require(throws: StoreError.self) { try DataDirectory(path: path) }
        #expect("\(error)" == "the data directory \(path) is used by a running server (process \(getpid()))")
        withExtendedLifetime(first) {}
    }

    @Test func canBeTakenAgain() throws {
        let parent = try TemporaryDirectory()
        for _ in 1...2 { _ = try DataDirectory(path: "\(parent.path)/data") }
    }

    @Test func needsItsParent() throws {
        let parent = try TemporaryDirectory()
        let error = try #require(throws: StoreError.self) { try DataDirectory(path: "\(parent.path)/missing/data") }
        #expect("\(error)" == "\(parent.path)/missing/data can't be made: No such file or directory")
    }

    @Test func isNotMadeWhereItHasToBeThere() throws {
        let parent = try TemporaryDirectory()
        let path = "\(parent.path)/data"
        let error = try #require(throws: StoreError.self) { try DataDirectory(existing: path) }
        #expect("\(error)" == "there is no data directory at \(path)")
        #expect(access(path, F_OK) != 0)
        mkdir(path, 0o700)
        #expect(throws: StoreError.self) { try DataDirectory(existing: path) }
        mkdir("\(path)/rooms", 0o700)
        let directory = try DataDirectory(existing: path)
        let taken = try #require(throws: StoreError.self) { try DataDirectory(existing: path) }
        guard case .inUse = taken else {
            Issue.record("\(taken)")
            return
        }
        withExtendedLifetime(directory) {}
    }

    @Test func theControlSocketsAddressIsShort() throws {
        let parent = try TemporaryDirectory()
        let path = "\(parent.path)/\(String(repeating: "long", count: 50))"
        mkdir(path, 0o700)
        let socket = try ControlSocketFile(in: path)
        #expect(socket.path == "\(path)/control.sock")
        #expect(socket.address.utf8.count < 50)
        #expect(try socket.prepare().utf8.count < 60)
        #expect(mode(of: "\(path)/control.new") == 0o700)
        // What isn't bound can't be published.
        #expect(throws: StoreError.self) { try socket.publish() }
        #expect(!socket.exists)
        socket.remove()
        #expect(access("\(path)/control.new", F_OK) != 0)
        #expect(throws: StoreError.self) { try ControlSocketFile(in: "\(path)/missing") }
    }

    @Test func filesAreReplacedWhole() throws {
        let parent = try TemporaryDirectory()
        let directory = try DataDirectory(path: "\(parent.path)/data")
        #expect(try directory.readFile("key") == nil)
        let long = [UInt8](repeating: 7, count: 100_000)
        for bytes in [Array("first".utf8), long, [], Array("last".utf8)] {
            try directory.writeFile("key", bytes)
            #expect(try directory.readFile("key") == bytes)
        }
        #expect(mode(of: directory.path(of: "key")) == 0o600)
        #expect(access(directory.path(of: "key.new"), F_OK) != 0)
    }

    @Test func noticesWhatOthersMayRead() throws {
        let parent = try TemporaryDirectory()
        let directory = try DataDirectory(path: "\(parent.path)/data")
        try directory.writeFile("key", [1])
        #expect(!directory.isReadableByOthers("key"))
        chmod(directory.path(of: "key"), 0o640)
        #expect(directory.isReadableByOthers("key"))
        #expect(!directory.isReadableByOthers("missing"))
    }

    private func mode(of path: String) -> UInt32 {
        var status = stat()
        stat(path, &status)
        return status.st_mode & 0o777
    }
}
