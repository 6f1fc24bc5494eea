/// The options of an instance as a whole. Figures that are not set by Martlet are RocksDB's defaults.
package struct InstanceOptions: Sendable {
    /// What opening does with a write-ahead log that ends in the middle of a record or is damaged.
    package enum WALRecoveryMode: Int32, Sendable {
        /// Any damage is an error.
        case absoluteConsistency = 1
        /// The database is what it was before the first damage.
        case pointInTime = 2
        /// Damaged records are left out.
        case skipAnyCorrupted = 3
    }

    /// Makes the directory and an empty database where there is none.
    package var createIfMissing = false
    /// Makes the column families that are asked for and not there.
    package var createMissingColumnFamilies = false
    /// Refuses to open a database that is there already.
    package var errorIfExists = false

    /// How many table files are kept open; -1 for all of them, which first-in-first-out compaction with a time to live needs.
    package var maxOpenFiles = -1
    /// Upper limit of all column families' memtables together; 0 for none.
    package var dbWriteBufferSizeBytes = 0
    /// Above this size of all write-ahead logs, the column families that keep the oldest one alive are flushed; 0 lets RocksDB choose.
    package var maxTotalWALSizeBytes: UInt64 = 0
    /// How many info logs are kept.
    package var keepLogFileNum = 4
    /// How many flushes and compactions run at a time.
    package var maxBackgroundJobs = 2
    /// Starts writing table files back to the disk each time this much is written, so that syncing them at the end does not stall; 0 for never.
    package var bytesPerSync: UInt64 = 0
    package var walRecoveryMode = WALRecoveryMode.pointInTime
    /// How often statistics go to the info log and to the history that is kept in memory; 0 for never.
    package var statsDumpPeriodSeconds: UInt32 = 0
    /// Stops taking writes after it has noticed damage.
    package var paranoidChecks = true
    /// Leaves memtables unflushed at close, even those whose writes are not in the log.
    package var avoidFlushDuringShutdown = false
    /// Counts what the instance does; see `Instance.statistics`. It costs a few percent.
    package var statistics = false

    /// Further options by RocksDB's names and in its option-string syntax: a value that itself contains `;` stands in braces.
    /// They win over the properties above. A name that RocksDB does not know makes opening fail.
    package var extra: [String: String] = [:]

    package init() {}
}
