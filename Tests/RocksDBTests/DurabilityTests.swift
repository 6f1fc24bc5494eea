import FoundationEssentials
import RocksDB
import TestSupport
import Testing

@Suite struct DurabilityTests {
    @Test(arguments: [false, true])
    func writesAreThereAfterReopening(sync: Bool) throws {
        let directory = try TemporaryDirectory()
        try TestInstance(directory.path).put(["a": "1"], sync: sync)
        let test = try TestInstance(directory.path, options: InstanceOptions())
        #expect(try test.get("a") == "1")
    }

    @Test func writesAreThereAfterACrashOfTheProcess() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path + "/db")
        try test.put(["a": "1"], sync: true)
        try test.put(["b": "2"], sync: false)
        let sequence = test.instance.latestSequenceNumber
        let copy = try TestInstance(try copyDirectory(of: directory), options: InstanceOptions())
        #expect(try copy.keys() == ["a", "b"])
        #expect(copy.instance.latestSequenceNumber == sequence)
    }

    @Test func writingAndSyncingTheLogAreApart() throws {
        let directory = try TemporaryDirectory()
        var options = InstanceOptions.creating
        options.statistics = true
        let test = try TestInstance(directory.path, options: options)
        let synced = try test.counter("rocksdb.wal.synced")
        try test.put(["a": "1"], sync: false)
        try test.put(["b": "2"], sync: false)
        try test.instance.flushWAL(sync: false)
        #expect(try test.counter("rocksdb.wal.synced") == synced)
        try test.instance.flushWAL(sync: true)
        #expect(try test.counter("rocksdb.wal.synced") == synced + 1)
        try test.put(["c": "3"], sync: true)
        #expect(try test.counter("rocksdb.wal.synced") == synced + 2)
    }

    @Test func flushWALGivesTheBufferedLogToTheSystem() throws {
        let directory = try TemporaryDirectory()
        var options = InstanceOptions.creating
        options.extra["manual_wal_flush"] = "true"
        let test = try TestInstance(directory.path + "/db", options: options)
        try test.put(["a": "1"])
        let before = try copyDirectory(of: directory)
        try test.instance.flushWAL(sync: false)
        let after = try copyDirectory(of: directory, to: "after")
        #expect(try TestInstance(before, options: .creating).get("a") == nil)
        #expect(try TestInstance(after, options: .creating).get("a") == "1")
    }

    @Test func recoveryIsPointInTimeUnlessAskedOtherwise() throws {
        let directory = try TemporaryDirectory()
        let test = try TestInstance(directory.path + "/db")
        for index in 0..<10 { try test.put(["\(index)": "value"]) }

        let cut = try copyDirectory(of: directory)
        let log = try #require(try FileManager.default.contentsOfDirectory(atPath: cut).first { $0.hasSuffix(".log") })
        let content = try Data(contentsOf: URL(filePath: "\(cut)/\(log)"))
        try content.dropLast(3).write(to: URL(filePath: "\(cut)/\(log)"))

        var strict = InstanceOptions()
        strict.walRecoveryMode = .absoluteConsistency
        let error = try #require(throws: RocksDBError.self) { _ = try TestInstance(cut, options: strict) }
        #expect(error.kind == .corruption)
        #expect(try TestInstance(cut, options: InstanceOptions(), readOnly: true).keys() == (0..<9).map { "\($0)" })
        #expect(try TestInstance(cut, options: InstanceOptions()).keys() == (0..<9).map { "\($0)" })
    }

    /// Copies the database in `db` as a crash of its process would leave it.
    private func copyDirectory(of directory: TemporaryDirectory, to name: String = "copy") throws -> String {
        let path = "\(directory.path)/\(name)"
        try FileManager.default.copyItem(atPath: directory.path + "/db", toPath: path)
        return path
    }
}
