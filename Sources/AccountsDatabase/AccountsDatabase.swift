import MatrixProtocol
import RocksDB
import Store

/// The database of accounts: users, their logins and devices, and what they have the server keep for them.
///
/// What can be done stands in the extensions, one file for each subject. Each operation is one commit, which decides on what it finds.
package final class AccountsDatabase: Sendable {
    package let database: Database

    /// Opens the database in `directory`, which is made if it isn't there.
    ///
    /// - Parameter isPrepared: whether `DatabasePreparation` has just seen to the directory.
    /// - Throws: `StoreError` when what is there doesn't fit the schema or belongs to another server; then nothing is touched.
    package init(
        directory: String, serverName: ServerName, blockCache: BlockCache, environment: Environment, notifier: Notifier,
        isPrepared: Bool = false
    ) throws {
        database = try Database(
            schema: AccountsMaps.schema, directory: directory, serverName: serverName.string, blockCache: blockCache,
            environment: environment, notifier: notifier, isPrepared: isPrepared)
    }

    /// The database for whoever looks into it.
    package var inspected: InspectedDatabase { InspectedDatabase(database) }

    /// The newest published state.
    package func snapshot() -> PublishedSnapshot {
        database.snapshot()
    }

    /// The newest published state, to be asked.
    package func view() -> AccountsView {
        AccountsView(snapshot())
    }

    /// What this database does for another one's intents.
    package func intentPart(_ carryOut: @escaping @Sendable ([UInt8], Commit) throws -> Void) -> IntentKind.Part {
        IntentKind.Part(in: database, carryOut)
    }

    /// Whether the database can write.
    package var health: DatabaseHealth { database.health }

    /// Ends the database's threads when everything that was handed to them is done; nothing may be committed any more.
    package func close() {
        database.close()
    }
}
