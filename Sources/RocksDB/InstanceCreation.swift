import CRocksDBCreation
import Glibc

extension Instance {
    /// Makes a database in the directory `path`, which must not have one, with all its column families at once and its first entries, synced.
    ///
    /// The column families have default options until the database is opened with others.
    ///
    /// - Parameter entries: keys and values by their column families' names, which are among `columnFamilies`.
    package static func create(
        at path: String, columnFamilies: [String], entries: [(columnFamily: String, key: [UInt8], value: [UInt8])]
    ) throws(RocksDBError) {
        let names = columnFamilies.map { strdup($0) }
        defer { for name in names { free(name) } }
        // Copies of keys and values that live until the call has returned.
        let buffers = entries.flatMap { [copy($0.key), copy($0.value)] }
        defer { for buffer in buffers { buffer.deallocate() } }
        var records: [rocksdb_creation_entry] = []
        for (index, entry) in entries.enumerated() {
            guard let family = columnFamilies.firstIndex(of: entry.columnFamily) else {
                preconditionFailure("\(entry.columnFamily) is not among the column families that are made")
            }
            let (key, value) = (buffers[2 * index], buffers[2 * index + 1])
            records.append(
                rocksdb_creation_entry(
                    family: family, key: key.baseAddress, key_size: key.count, value: value.baseAddress, value_size: value.count))
        }
        let message = rocksdb_creation_run(path, names.map { UnsafePointer($0) }, names.count, records, records.count)
        guard let message else { return }
        defer { free(message) }
        throw RocksDBError(message: String(cString: message))
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeBufferPointer<UInt8> {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = buffer.initialize(from: bytes)
        return UnsafeBufferPointer(buffer)
    }
}
