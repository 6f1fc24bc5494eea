import FaultyDisk
import Glibc
import Store
import Testing

/// Tables are written and merged when somebody asks for it, and only then where the schema says so.
@Suite struct TablesTests {
    private static var schema: DatabaseSchema {
        var schema = TestMaps.schema
        schema.compactsAutomatically = false
        return schema
    }

    @Test func writesAndMergesTablesOnDemand() async throws {
        let store = try TestStore()
        let database = try store.open(Self.schema)
        defer { database.close() }
        // The database's own counters.
        try database.flushTables()
        let own = try tableCount(store)
        for number in 0..<6 as Range<UInt64> {
            try await database.commit { commit in
                for key in 0..<2 as Range<UInt64> { commit.put(TestMaps.numbers, key, number) }
            }
            try database.flushTables()
        }
        // Each turn wrote a table of the one map that had changed.
        #expect(try tableCount(store) == own + 6)
        try database.compactTables()
        #expect(try tableCount(store) == own + 1)
        #expect(try database.snapshot().get(TestMaps.numbers, all: [0, 1]) == [5, 5])
    }

    @Test func aFailedMergeIsAFailedWrite() throws {
        let faulty = try FaultyStore(seed: 1)
        try faulty.run { database in
            try await database.commit { $0.delete(TestMaps.numbers, KeyRange(lower: [0], upper: [1])) }
            faulty.disk.fail(.growth, with: ENOSPC)
            #expect(throws: StoreError.self) { try database.compactTables() }
            // RocksDB would end the process at this attempt.
            #expect(throws: StoreError.self) { try database.flushTables() }
            try await faulty.heal()
            try database.compactTables()
        }
        faulty.database.close()
    }

    private func tableCount(_ store: TestStore) throws -> Int {
        try DatabaseFiles.names(in: store.path).filter { $0.hasSuffix(".sst") }.count
    }
}
