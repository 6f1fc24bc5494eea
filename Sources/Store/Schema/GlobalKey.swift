/// The keys of `global`.
enum GlobalKey {
    /// The schema's version: 8 bytes.
    static let schemaVersion = "schema_version"
    /// How far the migration to the next version has come, while one is under way: a `MigrationMarker`.
    static let migration = "migration"
    /// The name of the server whose data this is.
    static let serverName = "server_name"
    /// There, with an empty value, in a database that was made with a file `durable`.
    static let keepsDurableMark = "durable_mark"
    /// The last position that is reserved: 8 bytes.
    static let positionReserved = "position_reserved"
    /// The last short ID that is reserved: 8 bytes.
    static let shortIDReserved = "short_id_reserved"
    /// The position up to which the log of positions has been trimmed: 8 bytes; none before the first time.
    static let logFloor = "log_floor"

    /// A value as people read it: counters have 8 bytes and begin with a zero, which no text does.
    @Sendable static func describe(_ name: String, _ value: [UInt8]) throws -> ReadableValue {
        value.count == UInt64.width && value[0] == 0 ? try UInt64(encoded: value).readable : value.readable
    }
}
