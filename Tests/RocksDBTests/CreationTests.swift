import RocksDB
import TestSupport
import Testing

@Suite struct CreationTests {
    @Test func aNewDatabaseHasItsColumnFamiliesAndFirstEntries() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/db"
        try Instance.create(
            at: path, columnFamilies: ["a", "b"], entries: [("b", [1], [2, 3]), ("b", [4], []), ("a", [0, 0], [5])])

        #expect(try Set(Instance.columnFamilies(at: path) ?? []) == ["default", "a", "b"])
        let instance = try Instance.open(
            at: path, options: InstanceOptions(), columnFamilies: [("a", ColumnFamilyOptions()), ("b", ColumnFamilyOptions())])
        let a = try #require(instance.columnFamily("a"))
        let b = try #require(instance.columnFamily("b"))
        #expect(try instance.get([1], in: b, snapshot: nil) == [2, 3])
        #expect(try instance.get([4], in: b, snapshot: nil) == [])
        #expect(try instance.get([0, 0], in: a, snapshot: nil) == [5])
        #expect(try instance.get([1], in: a, snapshot: nil) == nil)
    }

    @Test func aDatabaseIsNotMadeOverAnother() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/db"
        try Instance.create(at: path, columnFamilies: ["a"], entries: [])
        #expect(throws: RocksDBError.self) { try Instance.create(at: path, columnFamilies: ["a"], entries: []) }
    }
}
