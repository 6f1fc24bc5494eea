import CRocksDB

extension Instance {
    /// Makes a database anew out of the tables and logs that are found whole in its directory, which nobody has open.
    ///
    /// It forgets what its manifest said. Files that can't be read go to the folder `lost` in the directory; what they held is gone, and what
    /// was deleted may be back. Column families of which nothing is left are gone.
    package static func repair(at path: String, options: InstanceOptions) throws(RocksDBError) {
        let options = try options.makeHandle()
        try RocksDBError.check { rocksdb_repair_db(options.pointer, path, $0) }
    }
}
