import AccountsDatabase
import RoomsDatabase
import Store
import TransitoryDatabase

/// The three logical databases.
package enum Databases {
    /// Their schemas, in the order in which the databases are held: the busiest first, since whoever is held waits for those whose writers have
    /// much to do.
    package static let schemas = [RoomsMaps.schema, AccountsMaps.schema, TransitoryMaps.schema]
}
