import FaultyDisk
import Glibc
import RocksDB
import TestSupport
import Testing

/// The disk fails and forgets what it is asked to, for the tests' own calls and for those that RocksDB's library makes.
@Suite struct FaultyDiskTests {
    private let directory: TemporaryDirectory
    private let disk: FaultyDisk

    init() throws {
        directory = try TemporaryDirectory()
        let path = "\(directory.path)/disk"
        try #require(mkdir(path, 0o700) == 0)
        disk = FaultyDisk(directory: path)
    }

    private func path(_ name: String) -> String { "\(disk.directory)/\(name)" }

    private func create(_ name: String) throws -> Int32 {
        let file = open(path(name), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try #require(file >= 0)
        return file
    }

    @Test func cutsOffOnlyWhatWasNotSynced() throws {
        let file = try create("1.log")
        defer { close(file) }
        #expect(write(file, [UInt8](repeating: 1, count: 100), 100) == 100)
        #expect(fsync(file) == 0)
        #expect(disk.syncedBytes(of: path("1.log")) == 100)
        #expect(write(file, [UInt8](repeating: 2, count: 100), 100) == 100)
        let written = [UInt8](repeating: 1, count: 100) + [UInt8](repeating: 2, count: 100)

        var sizes: Set<Int> = []
        var tornCount = 0
        for seed in 0..<100 as Range<UInt64> {
            let image = "\(directory.path)/image-\(seed)"
            disk.takeImage(at: image, losing: seed % 2 == 0 ? .cut : .torn, seed: seed)
            let bytes = try #require(readFile("\(image)/1.log"))
            #expect(bytes.prefix(100) == written.prefix(100))
            #expect(bytes.count <= 200)
            if seed % 2 == 0 {
                #expect(bytes == Array(written.prefix(bytes.count)))
                sizes.insert(bytes.count)
            } else if bytes != Array(written.prefix(bytes.count)) {
                tornCount += 1
            }
        }
        #expect(sizes.contains(100) && sizes.contains(200) && sizes.count > 10)
        #expect(tornCount > 10)

        let image = "\(directory.path)/whole"
        disk.takeImage(at: image, losing: .none, seed: 1)
        #expect(readFile("\(image)/1.log") == written)
    }

    @Test func remembersWhatAKilledProcessHadNotSynced() throws {
        let file = try create("file")
        defer { close(file) }
        #expect(write(file, [1, 2, 3] as [UInt8], 3) == 3)
        #expect(fsync(file) == 0)
        #expect(write(file, [4, 5] as [UInt8], 2) == 2)
        disk.takeImage(at: "\(directory.path)/killed", losing: .none, seed: 0)
        let next = FaultyDisk(directory: "\(directory.path)/killed", continuing: disk)
        #expect(readFile("\(next.directory)/file") == [1, 2, 3, 4, 5])
        #expect(next.syncedBytes(of: "\(next.directory)/file") == 3)

        disk.takeImage(at: "\(directory.path)/failed", losing: .cut, seed: 0)
        let last = FaultyDisk(directory: "\(directory.path)/failed", continuing: disk)
        let size = try #require(readFile("\(last.directory)/file")).count
        #expect(last.syncedBytes(of: "\(last.directory)/file") == UInt64(size))
    }

    @Test func failsTheCallsThatItIsAskedTo() throws {
        let file = try create("file")
        defer { close(file) }
        disk.fail(.write, from: disk.calls + 2, count: 2, with: ENOSPC, isShort: true)
        let bytes = [UInt8](repeating: 7, count: 10)
        #expect(write(file, bytes, 10) == 10)
        #expect(write(file, bytes, 10) == 5)
        #expect(pwrite(file, bytes, 10, 0) == -1 && errno == ENOSPC)
        #expect(write(file, bytes, 10) == 10)
        #expect(disk.failures == 2)

        disk.fail([.sync, .create, .rename], with: EIO)
        #expect(fdatasync(file) == -1 && errno == EIO)
        #expect(open(path("other"), O_WRONLY | O_CREAT, 0o600) == -1 && errno == EIO)
        #expect(rename(path("file"), path("other")) == -1 && errno == EIO)
        #expect(write(file, bytes, 10) == 10)
        #expect(disk.syncedBytes(of: path("file")) == 0)
        disk.heal()
        #expect(fdatasync(file) == 0)
        #expect(disk.syncedBytes(of: path("file")) == 35)
    }

    @Test func crashesJustBeforeACall() throws {
        let file = try create("file")
        defer { close(file) }
        disk.crash(atCall: disk.calls + 3, into: "\(directory.path)/image", losing: .none, seed: 0)
        #expect(write(file, [1] as [UInt8], 1) == 1)
        #expect(rename(path("file"), path("renamed")) == 0)
        #expect(!disk.hasCrashed)
        #expect(write(file, [2] as [UInt8], 1) == 1)
        #expect(disk.hasCrashed)
        #expect(readFile("\(directory.path)/image/renamed") == [1])
        #expect(readFile("\(directory.path)/image/file") == nil)
        #expect(readFile(path("renamed")) == [1, 2])
    }

    @Test func takesTheSyncedLengthAlongWithTheName() throws {
        let file = try create("a")
        defer { close(file) }
        #expect(write(file, [1, 2, 3] as [UInt8], 3) == 3)
        #expect(rename(path("a"), path("b")) == 0)
        #expect(disk.syncedBytes(of: path("b")) == 0)
        #expect(fsync(file) == 0)
        #expect(disk.syncedBytes(of: path("b")) == 3)
        #expect(link(path("b"), path("c")) == 0)
        #expect(disk.syncedBytes(of: path("c")) == 3)
        #expect(unlink(path("b")) == 0)
        #expect(disk.syncedBytes(of: path("b")) == 0)
        #expect(disk.syncedBytes(of: path("c")) == 3)
    }

    @Test func leavesOtherDirectoriesAlone() throws {
        disk.fail(.all, with: EIO)
        let calls = disk.calls
        let other = "\(directory.path)/disk-beside"
        let file = open(other, O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        #expect(write(file, [1] as [UInt8], 1) == 1)
        #expect(fsync(file) == 0)
        #expect(disk.calls == calls)
    }

    @Test func reachesWhatRocksDBDoes() throws {
        let database = path("database")
        try Instance.create(at: database, columnFamilies: [], entries: [])
        var instance: Instance? = try Instance.open(at: database, options: InstanceOptions(), columnFamilies: [])
        let opened = try #require(instance)
        let family = try #require(opened.columnFamily(Instance.defaultColumnFamily))
        func put(_ key: UInt8, sync: Bool) throws {
            let batch = WriteBatch()
            batch.put([key], [key], in: family)
            try opened.write(batch, sync: sync)
        }
        try put(1, sync: true)
        try put(2, sync: false)

        let calls = disk.calls
        disk.fail(.sync, with: EIO)
        let failure = #expect(throws: RocksDBError.self) { try put(3, sync: true) }
        #expect(failure?.kind == .ioError)
        #expect(disk.calls > calls)

        // Some image lacks what was never synced, none what was.
        var lostCount = 0
        for seed in 0..<20 as Range<UInt64> {
            let image = "\(directory.path)/image-\(seed)"
            disk.takeImage(at: image, losing: .cut, seed: seed)
            #expect(try has(1, at: "\(image)/database"))
            if try !has(2, at: "\(image)/database") { lostCount += 1 }
        }
        #expect((1..<20).contains(lostCount))
        instance = nil
    }

    @Test func aFailedInstanceStaysFailed() async throws {
        let database = path("database")
        try Instance.create(at: database, columnFamilies: [], entries: [])
        let instance = try Instance.open(at: database, options: InstanceOptions(), columnFamilies: [])
        let family = try #require(instance.columnFamily(Instance.defaultColumnFamily))
        let batch = WriteBatch()
        batch.put([1], [1], in: family)
        disk.fail(.write, count: 1, with: ENOSPC)
        #expect(throws: RocksDBError.self) { try instance.write(batch, sync: true) }
        // By default RocksDB would write its memory to tables now, and go on.
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(2))
            #expect(throws: RocksDBError.self) { try instance.write(batch, sync: true) }
        }
    }

    private func has(_ key: UInt8, at path: String) throws -> Bool {
        let instance = try Instance.open(at: path, options: InstanceOptions(), columnFamilies: [], readOnly: true)
        let family = try #require(instance.columnFamily(Instance.defaultColumnFamily))
        return try instance.get([key], in: family, snapshot: nil) == [key]
    }
}
