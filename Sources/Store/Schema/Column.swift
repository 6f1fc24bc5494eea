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

    init(name: String, directory: String, pattern: AccessPattern, tuning: MapTuning) {
        self.name = name
        self.directory = directory
        self.pattern = pattern
        self.tuning = tuning
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
    package init(_ name: String, in directory: String, _ pattern: AccessPattern, _ tuning: MapTuning = .none) {
        map = MapDescriptor(name: name, directory: directory, pattern: pattern, tuning: tuning)
    }
}
