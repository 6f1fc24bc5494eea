import Logging
import Store

/// Tells the log when a database can't write, and when it can again.
enum DatabaseHealthLog {
    static func write(_ health: DatabaseHealth, of database: String, to logger: Logger) {
        switch health {
        case .well:
            logger.notice("The database writes again", metadata: ["database": "\(database)"])
        case .failing(_, let reason):
            logger.error(
                "The database can't write: changes are refused until its disk takes them again, reading goes on",
                metadata: ["database": "\(database)", "reason": "\(reason)"])
        }
    }
}
