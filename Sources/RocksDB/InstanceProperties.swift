import CRocksDB

extension Instance {
    /// The number of the newest write; each operation of a batch takes one.
    package var latestSequenceNumber: UInt64 {
        rocksdb_get_latest_sequence_number(database.pointer)
    }

    /// What has failed first, a write or something in the background such as a compaction; from then on writes fail, or nothing is compacted
    /// any more, until the database is opened anew.
    package var failure: RocksDBError? {
        database.options.failureMessage.map { RocksDBError(message: $0) }
    }

    /// What RocksDB says about a column family under the name of a property (`rocksdb.stats`, ...); nil where it has none of that name.
    package func property(_ name: String, in columnFamily: ColumnFamily) -> String? {
        requireOwn(columnFamily, nil)
        return Self.taking(rocksdb_property_value_cf(database.pointer, columnFamily.handle, name))
    }

    /// A property that is a number (`rocksdb.estimate-num-keys`, ...); nil where RocksDB has none of that name.
    package func integerProperty(_ name: String, in columnFamily: ColumnFamily) -> UInt64? {
        requireOwn(columnFamily, nil)
        var value: UInt64 = 0
        return rocksdb_property_int_cf(database.pointer, columnFamily.handle, name, &value) == 0 ? value : nil
    }

    /// The counters since open as RocksDB's text, a line each; nil where `InstanceOptions.statistics` is off.
    package var statistics: String? {
        Self.taking(rocksdb_options_statistics_get_string(database.options.pointer))
    }

    /// Copies and frees a string of the C API.
    private static func taking(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text else { return nil }
        defer { rocksdb_free(text) }
        return String(cString: text)
    }
}
