/// What happens while the databases of a data directory are brought to this program's schema; each event follows a change that is on the disk.
package enum UpgradeEvent: Sendable, CustomStringConvertible {
    /// The databases as they are before it are kept in the directory of this path.
    case checkpointMade(path: String)
    /// A migration has begun.
    case begun(database: String, version: UInt64)
    /// A new map is there.
    case mapAdded(database: String, map: String)
    /// So many entries of an old map have been migrated since the program was started.
    case entriesMigrated(database: String, map: String, count: Int)
    /// An old map is gone.
    case mapRemoved(database: String, map: String)
    /// A migration is done.
    case done(database: String, version: UInt64)

    package var description: String {
        switch self {
        case .checkpointMade(let path):
            "The databases are brought to a newer schema. They are kept as they were in \(path). To go back to the program before: stop "
                + "the server, replace its databases by those in that directory, and start that program; what has changed since is lost then. "
                + "When you are content, remove the directory"
        case .begun(let database, let version): "Bringing the \(database) database to schema version \(version)"
        case .mapAdded(let database, let map): "Added the map \(map) to the \(database) database"
        case .entriesMigrated(let database, let map, let count): "Migrated \(count) entries of the map \(map) of the \(database) database"
        case .mapRemoved(let database, let map): "Removed the map \(map) from the \(database) database"
        case .done(let database, let version): "The \(database) database has schema version \(version)"
        }
    }
}
