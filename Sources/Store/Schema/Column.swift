/// A map of the schema: its name, where it belongs and how it is tuned. One value for each map, known by its identity.
package final class MapDescriptor: Sendable {
    /// The map's name, which is its column family's.
    package let name: String
    /// The group of maps that it belongs to, such as `events`.
    package let directory: String
    /// How it is read and written.
    package let pattern: AccessPattern
    /// What its tuning has beyond the pattern.
    package let tuning: MapTuning
    /// Its keys and values, for what doesn't know their types.
    package let entries: any EntryCoding

    init(name: String, directory: String, pattern: AccessPattern, tuning: MapTuning, entries: any EntryCoding) {
        self.name = name
        self.directory = directory
        self.pattern = pattern
        self.tuning = tuning
        self.entries = entries
    }
}

/// A typed map: one property, its keys and its values.
///
/// A column is declared once, as a static constant of its database:
///
///     static let eventIDToPDUID = Column<EventID, PDUID>("eventid_pduid", in: "events", .random, .pointLookups)
package struct Column<Key: StoreCodable, Value: StoreCodable>: Sendable {
    /// The map behind it.
    package let map: MapDescriptor

    /// Declares the map called `name`.
    ///
    /// - Parameter describe: how a value is shown to people where it means different things at different keys.
    package init(
        _ name: String, in directory: String, _ pattern: AccessPattern, _ tuning: MapTuning = .none,
        describedBy describe: (@Sendable (Key, Value) throws -> ReadableValue)? = nil
    ) {
        map = MapDescriptor(
            name: name, directory: directory, pattern: pattern, tuning: tuning,
            entries: ColumnEntryCoding<Key, Value>(describe: describe))
    }
}
