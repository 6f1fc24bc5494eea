import CRocksDB
import CRocksDBCreation
import Glibc

/// A table file that belongs to the newest state of an open database.
package struct TableFile: Sendable, Hashable {
    /// The column family whose keys it has.
    package let columnFamily: String
    /// Its path, from the database's directory on: `/000123.sst`.
    package let name: String
    /// Its size in bytes, as the manifest has it.
    package let sizeBytes: UInt64

    /// Reads every block of the table file at `path`, those of index and filters among them, and checks the checksums.
    ///
    /// - Throws: ``RocksDBError`` for the first block that is damaged, or a file that can't be read.
    package static func check(at path: String) throws(RocksDBError) {
        guard let message = rocksdb_table_check_run(path) else { return }
        defer { free(message) }
        throw RocksDBError(message: String(cString: message))
    }
}

extension Instance {
    /// The table files of all column families, in RocksDB's order.
    package var tableFiles: [TableFile] {
        guard let files = rocksdb_livefiles(database.pointer) else { return [] }
        defer { rocksdb_livefiles_destroy(files) }
        return (0..<rocksdb_livefiles_count(files)).compactMap { index in
            guard let family = rocksdb_livefiles_column_family_name(files, index), let name = rocksdb_livefiles_name(files, index) else {
                return nil
            }
            return TableFile(
                columnFamily: String(cString: family), name: String(cString: name), sizeBytes: UInt64(rocksdb_livefiles_size(files, index)))
        }
    }
}
