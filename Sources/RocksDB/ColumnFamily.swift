/// A column family of an open instance: a keyspace of its own that shares the instance's write-ahead log.
///
/// It keeps the instance's database open.
// Invariant of @unchecked Sendable: the handle never changes, lives as long as `database`, and may be used from any thread.
package final class ColumnFamily: @unchecked Sendable {
    package let name: String
    let handle: OpaquePointer
    let database: OpenDatabase

    init(name: String, handle: OpaquePointer, database: OpenDatabase) {
        self.name = name
        self.handle = handle
        self.database = database
    }
}
