import RocksDB

/// Says what is wrong with a database that RocksDB can't open: which file, which map it belongs to, and what to do. Nothing is changed.
struct InstanceDiagnosis {
    let title: String
    let directory: String
    let maps: [MapDescriptor]
    let blockCache: BlockCache

    /// What RocksDB's error means.
    func explain(_ error: RocksDBError) -> StoreError {
        let message = error.message
        if message.contains("/LOCK") {
            return .inUse("\(title) is open in another process, or still in this one: \(message)")
        }
        if message.contains("Permission denied") {
            return .dataDirectory(
                "\(title) can't be opened, because this user may not read and write all of its files (\(message)); give them to the user "
                    + "that runs the server")
        }
        if error.kind == .noSpace {
            return .dataDirectory("\(title) can't be opened, because its disk is full (\(message)); make room")
        }
        let faults = tableFaults()
        guard faults.isEmpty else { return .damaged("\(title) is damaged: \(faults.joined(separator: ", ")); \(RecoveryCheck.advice)") }
        if let map = Self.mapAheadOfLogs(message) {
            return .behindDurable(
                "the log of \(title) ends before what the tables of the map \(map) hold: it is cut short or damaged; \(RecoveryCheck.advice)"
            )
        }
        guard error.kind == .corruption || error.kind == .ioError || error.kind == .invalidArgument || error.kind == .notFound else {
            return .rocksDB(error)
        }
        let map = map(ofTableIn: message).map { " in a table of the map \($0)" } ?? ""
        return .damaged("\(title) is damaged\(map): \(message); \(RecoveryCheck.advice)")
    }

    /// The tables that are missing or don't have their size, each with its map.
    private func tableFaults() -> [String] {
        tables().compactMap { table in
            guard let size = DurableMark.fileSize(directory + table.name) else {
                return "the file \(table.name.dropFirst()) of the map \(table.columnFamily) is missing"
            }
            guard size != table.sizeBytes else { return nil }
            return "the file \(table.name.dropFirst()) of the map \(table.columnFamily) has \(size) bytes instead of \(table.sizeBytes)"
        }
    }

    /// The map that a table belongs to whose file the message names.
    private func map(ofTableIn message: String) -> String? {
        tables().first { message.contains($0.name) }?.columnFamily
    }

    /// The tables that the database should have; none when not even that can be found out.
    private func tables() -> [TableFile] {
        var options = InstanceOptions()
        options.maxOpenFiles = 512
        // Otherwise one damaged table would hide all others.
        options.paranoidChecks = false
        options.walRecoveryMode = .skipAnyCorrupted
        options.extra["skip_checking_sst_file_sizes_on_db_open"] = "true"
        options.extra["db_log_dir"] = "/dev/null"
        var family = ColumnFamilyOptions()
        family.blockCache = blockCache
        let families = maps.map { ($0.name, family) }
        return (try? Instance.open(at: directory, options: options, columnFamilies: families, readOnly: true))?.tableFiles ?? []
    }

    /// What RocksDB says when a table holds what the logs have lost: "SST file is ahead of WALs in CF NAME".
    private static func mapAheadOfLogs(_ message: String) -> String? {
        let words = message.split(separator: " ")
        guard message.contains("ahead of WALs"), let place = words.lastIndex(of: "CF"), place + 1 < words.count else { return nil }
        return String(words[place + 1])
    }
}
