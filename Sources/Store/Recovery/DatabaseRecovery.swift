import RocksDB

/// Makes a database usable that has lost something, by going on without it.
package enum DatabaseRecovery {
    /// What became of a database.
    package struct Outcome: Sendable {
        /// The last write that had been answered for, by RocksDB's number; nil when nobody knows any more.
        package let expectedSequence: UInt64?
        /// The last write that is left.
        package let lastSequence: UInt64
        /// What was wrong; nil when nothing was.
        package let fault: String?
        /// Whether it had to be put together again from single files, so that what was deleted may be back.
        package let isRebuilt: Bool
    }

    /// So far above what is known to be reserved, positions and short IDs go on: what was lost may have reserved more.
    private static let reservationMargin: UInt64 = 1 << 32

    private static let blockCacheBytes = 8 << 20

    /// Opens the database in `directory` in spite of everything that is missing, and leaves it so that a server opens it without complaint.
    ///
    /// The caller holds the data directory's lock, and nobody has the database open.
    ///
    /// - Throws: `StoreError` when there is no database, when it is another server's or of another version, or when so little is left that
    ///   it doesn't say any more what it is.
    package static func run(_ schema: DatabaseSchema, in directory: String, serverName: String, clock: any Clock) throws -> Outcome {
        let opening = InstanceOpening(
            schema: schema, directory: directory, serverName: serverName, blockCache: BlockCache(capacityBytes: blockCacheBytes),
            random: SystemRandom())
        let expected = (try? DurableMark.read(in: directory))?.sequence
        let fault: String
        do {
            let sequence = try opening.openExisting().instance.latestSequenceNumber
            return Outcome(expectedSequence: expected, lastSequence: sequence, fault: nil, isRebuilt: false)
        } catch StoreError.behindDurable(let message), StoreError.damaged(let message) {
            fault = message
        }
        let (opened, isRebuilt) = try openWhatIsLeft(opening)
        let instance = opened.instance
        let sequence = instance.latestSequenceNumber
        guard try isIdentified(opened) else {
            throw StoreError.damaged("\(opening.title) has lost what says whose it is, and can't be used any more; restore a backup")
        }
        try raiseReservations(in: opened)
        // Nothing of the logs is needed any more then, damaged as they may be.
        try wrapping { () throws(RocksDBError) in
            for family in opened.families.all { try instance.flush(family) }
        }
        _ = try DurableMarkKeeper(in: directory, sequence: instance.latestSequenceNumber, now: clock.now())
        return Outcome(expectedSequence: expected, lastSequence: sequence, fault: fault, isRebuilt: isRebuilt)
    }

    /// Opens the instance in the way that loses least.
    private static func openWhatIsLeft(_ opening: InstanceOpening) throws(StoreError) -> (OpenInstance, isRebuilt: Bool) {
        // Up to the first damage of the log; with every record of it that is whole, when tables hold later ones.
        for mode in [InstanceOptions.WALRecoveryMode.pointInTime, .skipAnyCorrupted] {
            do throws(StoreError) {
                return (try opening.openAcceptingLoss(mode), false)
            } catch {
                switch error {
                case .behindDurable, .damaged: continue
                default: throw error
                }
            }
        }
        // Best effort: with a damaged manifest, putting together what is left reads the logs as well as it can.
        try? opening.writeLogsToTables()
        try wrapping { () throws(RocksDBError) in
            try Instance.repair(at: opening.directory, options: opening.optionsAcceptingLoss(.pointInTime))
        }
        return (try opening.openAcceptingLoss(.pointInTime), true)
    }

    /// Whether the database says what it is.
    private static func isIdentified(_ opened: OpenInstance) throws(StoreError) -> Bool {
        let global = opened.families[CommonMaps.global.map]
        return try wrapping { () throws(RocksDBError) in
            guard try opened.instance.contains(GlobalKey.schemaVersion.encoded, in: global, snapshot: nil) else { return false }
            return try opened.instance.contains(GlobalKey.serverName.encoded, in: global, snapshot: nil)
        }
    }

    private static func raiseReservations(in opened: OpenInstance) throws(StoreError) {
        let global = opened.families[CommonMaps.global.map]
        let batch = WriteBatch()
        try wrapping { () throws(RocksDBError) in
            for key in [GlobalKey.positionReserved, GlobalKey.shortIDReserved] {
                guard let bytes = try opened.instance.get(key.encoded, in: global, snapshot: nil),
                    let reserved = try? UInt64(encoded: bytes), reserved < 1 << 62
                else { continue }
                batch.put(key.encoded, (reserved + reservationMargin).encoded, in: global)
            }
            try opened.instance.write(batch, sync: true)
        }
    }

    private static func wrapping<Result>(_ body: () throws(RocksDBError) -> Result) throws(StoreError) -> Result {
        do { return try body() } catch { throw .rocksDB(error) }
    }
}
