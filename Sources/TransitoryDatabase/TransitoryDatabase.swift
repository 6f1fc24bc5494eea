import MatrixProtocol
import RocksDB
import Store

/// The database of what passes by: messages to devices, who is typing and online, public streams, and what sliding sync has told.
package final class TransitoryDatabase: Sendable {
    package let database: Database
    /// What is sent to whoever listens, and kept for who comes later.
    package let streams: Streams

    /// Opens the database in `directory`, which is made if it isn't there.
    ///
    /// - Parameter isPrepared: whether `DatabasePreparation` has just seen to the directory.
    /// - Throws: `StoreError` when what is there doesn't fit the schema or belongs to another server; then nothing is touched.
    package init(
        directory: String, serverName: ServerName, blockCache: BlockCache, environment: Environment, notifier: Notifier,
        isPrepared: Bool = false
    ) throws {
        database = try Database(
            schema: TransitoryMaps.schema, directory: directory, serverName: serverName.string, blockCache: blockCache,
            environment: environment, notifier: notifier, isPrepared: isPrepared)
        streams = Streams(database: database, environment: environment)
    }

    /// The database for whoever looks into it.
    package var inspected: InspectedDatabase { InspectedDatabase(database) }

    /// The newest published state.
    package func snapshot() -> PublishedSnapshot {
        database.snapshot()
    }

    /// Whether the database can write.
    package var health: DatabaseHealth { database.health }

    /// Ends the database's threads when everything that was handed to them is done; nothing may be committed any more.
    package func close() {
        database.close()
    }
}
