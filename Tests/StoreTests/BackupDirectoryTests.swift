import Glibc
import Store
import TestSupport
import Testing

@Suite struct BackupDirectoryTests {
    private let parent: TemporaryDirectory
    /// A file and a folder to be put into backups.
    private let source: String

    init() throws {
        parent = try TemporaryDirectory()
        source = "\(parent.path)/source"
        for path in [source, "\(source)/rooms", "\(source)/rooms/empty"] { try #require(mkdir(path, 0o700) == 0) }
        try write("one", to: "\(source)/rooms/000001.sst")
        try write("secret", to: "\(source)/signing.key")
    }

    @Test func isABackupWhenItIsFinished() throws {
        let path = "\(parent.path)/backup"
        let backup = try BackupDirectory.begin(at: path)
        #expect(throws: StoreError.self) { try BackupDirectory.marker(at: path) }
        try backup.move("\(source)/rooms", as: "rooms")
        try backup.copy("\(source)/signing.key", as: "signing.key")
        try backup.write(Array("server_name: x".utf8), as: "martlet.yaml")
        #expect(try backup.bytes == 3 + 6 + 14)
        let half = try #require(throws: StoreError.self) { try BackupDirectory.marker(at: path) }
        #expect("\(half)" == "\(path) is a backup that was not finished; make another one")
        try backup.finish(marker: Array("{}".utf8))

        #expect(try BackupDirectory.marker(at: path) == Array("{}".utf8))
        #expect(try BackupDirectory.contents(of: path) == ["martlet.yaml", "rooms", "signing.key"])
        #expect(readFile("\(path)/rooms/000001.sst") == Array("one".utf8))
        #expect(try DatabaseFiles.names(in: "\(path)/rooms") == ["000001.sst", "empty"])
        #expect(readFile("\(path)/signing.key") == Array("secret".utf8))
        #expect(permissions(of: "\(path)/signing.key") == 0o600)
        #expect(permissions(of: path) == 0o700)
        // What was moved is gone, what was copied is still there.
        #expect(try DatabaseFiles.names(in: source) == ["signing.key"])
    }

    @Test func takesAnEmptyFolder() throws {
        let path = "\(parent.path)/backup"
        try #require(mkdir(path, 0o755) == 0)
        try BackupDirectory.begin(at: path).finish(marker: [1])
        #expect(try BackupDirectory.marker(at: path) == [1])
    }

    @Test func leavesAloneWhatIsInUse() throws {
        let error = try #require(throws: StoreError.self) { try BackupDirectory.begin(at: source) }
        #expect("\(error)" == "\(source) is not empty; name a folder that is empty or doesn't exist yet")
        #expect(try DatabaseFiles.names(in: source) == ["rooms", "signing.key"])

        let path = "\(parent.path)/backup"
        try BackupDirectory.begin(at: path).finish(marker: [1])
        #expect(throws: StoreError.self) { try BackupDirectory.begin(at: path) }
        #expect(try BackupDirectory.marker(at: path) == [1])
    }

    @Test func needsItsParent() throws {
        let path = "\(parent.path)/missing/backup"
        let error = try #require(throws: StoreError.self) { try BackupDirectory.begin(at: path) }
        #expect("\(error)" == "\(path) can't be made: No such file or directory")
    }

    @Test(arguments: [false, true]) func leavesNothingWhenItIsAbandoned(wasThere: Bool) throws {
        let path = "\(parent.path)/backup"
        if wasThere { try #require(mkdir(path, 0o700) == 0) }
        let backup = try BackupDirectory.begin(at: path)
        try backup.copy("\(source)/rooms", as: "rooms")
        let error = try #require(throws: StoreError.self) { try backup.copy("\(source)/missing", as: "missing") }
        #expect("\(error)" == "\(source)/missing can't be read: No such file or directory")
        backup.abandon()
        #expect((access(path, F_OK) == 0) == wasThere)
        if wasThere { #expect(try DatabaseFiles.names(in: path).isEmpty) }
    }

    @Test func takesThePlaceOfWhatACrashHasLeft() throws {
        let path = "\(parent.path)/backup"
        try BackupDirectory.begin(at: path).copy("\(source)/rooms", as: "rooms")
        #expect(throws: StoreError.self) { try BackupDirectory.marker(at: path) }
        let again = try BackupDirectory.begin(at: path)
        #expect(try BackupDirectory.contents(of: path) == ["backup.unfinished"])
        try again.finish(marker: [2])
        #expect(try BackupDirectory.marker(at: path) == [2])
    }

    @Test func aBackupIsRemovedWhole() throws {
        let path = "\(parent.path)/backup"
        let backup = try BackupDirectory.begin(at: path)
        try backup.copy("\(source)/rooms", as: "rooms")
        try backup.copy("\(source)/signing.key", as: "signing.key")
        try backup.finish(marker: [1])
        try BackupDirectory.remove(path)
        try BackupDirectory.remove(path)
        #expect(access(path, F_OK) != 0)

        _ = try BackupDirectory.begin(at: path)
        try BackupDirectory.remove(path)
        #expect(access(path, F_OK) != 0)
        let error = try #require(throws: StoreError.self) { try BackupDirectory.remove(source) }
        #expect("\(error)" == "\(source) is not a backup and is left alone")
        #expect(try DatabaseFiles.names(in: source) == ["rooms", "signing.key"])
    }

    @Test func aServersDirectoryIsNoBackupAnyMore() throws {
        let path = "\(parent.path)/backup"
        let backup = try BackupDirectory.begin(at: path)
        let error = try #require(throws: StoreError.self) { try BackupDirectory.checkFinished(path) }
        #expect("\(error)" == "\(path) is a backup, or a restored one, that was not finished: make or restore it again")
        try backup.finish(marker: [1])
        try BackupDirectory.checkFinished(path)
        for _ in 1...2 { try BackupDirectory.become(dataDirectory: path) }
        #expect(throws: StoreError.self) { try BackupDirectory.marker(at: path) }
    }

    @Test func aFolderWithBackupsIsListed() throws {
        try BackupDirectory.begin(at: "\(parent.path)/b").finish(marker: [])
        try BackupDirectory.begin(at: "\(parent.path)/a").finish(marker: [])
        _ = try BackupDirectory.begin(at: "\(parent.path)/half")
        #expect(try BackupDirectory.candidates(in: parent.path) == ["a", "b", "half"])
        #expect(throws: StoreError.self) { try BackupDirectory.candidates(in: "\(parent.path)/missing") }
    }

    @Test func whatIsNoBackupIsToldApart() throws {
        let error = try #require(throws: StoreError.self) { try BackupDirectory.marker(at: source) }
        #expect("\(error)" == "\(source) is not a backup: it has no backup.json")
        #expect(throws: StoreError.self) { try BackupDirectory.marker(at: "\(parent.path)/missing") }
    }

    @Test func staging() throws {
        let staging = BackupStaging(dataDirectory: source, databases: ["rooms"])
        #expect(try staging.prepare() == ["\(source)/backup.new/rooms"])
        // What a crash has left is in nobody's way.
        try write("left", to: "\(source)/backup.new/left")
        #expect(try staging.prepare() == ["\(source)/backup.new/rooms"])
        #expect(try DatabaseFiles.names(in: "\(source)/backup.new").isEmpty)
        try staging.remove()
        try staging.remove()
        #expect(try DatabaseFiles.names(in: source) == ["rooms", "signing.key"])
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    }

    private func permissions(of path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }
}
