/// Everything that one logical database consists of.
package struct DatabaseSchema: Sendable {
    /// The database's name, which is its directory's.
    package let name: String
    /// The version of the set of maps and of their formats.
    package let version: UInt64
    /// Its maps, those that every database has among them.
    package let maps: [MapDescriptor]

    /// A database of the given maps; those that every database has are added.
    package init(name: String, version: UInt64, maps: [MapDescriptor]) {
        self.name = name
        self.version = version
        self.maps = maps + CommonMaps.all
    }
}

/// The maps that every database has, for the store's own use.
package enum CommonMaps {
    /// Schema version, server name, counters; the keys are in `GlobalKey`.
    package static let global = Column<String, [UInt8]>("global", in: "meta", .randomSmall)
    /// Every stamped entry in the order of positions.
    static let positionChange = Column<Position, Change>("position_change", in: "meta", .sequentialSmall)
    /// The newest position of each scope.
    static let scopePosition = Column<Scope, Position>("scope_position", in: "meta", .randomSmall, .pointLookups)

    static let all: [MapDescriptor] = [global.map, positionChange.map, scopePosition.map]
}

/// The keys of `global`.
enum GlobalKey {
    /// The schema's version: 8 bytes.
    static let schemaVersion = "schema_version"
    /// The name of the server whose data this is.
    static let serverName = "server_name"
    /// The last position that is reserved: 8 bytes.
    static let positionReserved = "position_reserved"
    /// The last short ID that is reserved: 8 bytes.
    static let shortIDReserved = "short_id_reserved"
}
