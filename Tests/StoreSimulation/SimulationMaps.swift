import Store

/// The maps of the simulation's databases, the same in each.
enum SimulationMaps {
    /// What clients put and delete: (group, item) -> value.
    static let entries = Column<EntryKey, UInt64>("entries", in: "simulation", .random, .pointLookups)
    /// Derived from the entries, in the same commit: (value, group, item).
    static let valueIndex = Column<FixedKey<UInt64, UInt8, UInt8>, Empty>("value_index", in: "simulation", .sequential)
    /// Derived from the entries, in the same commit: group -> how many it has.
    static let counts = Column<UInt8, UInt64>("counts", in: "simulation", .randomSmall)
    /// Short ID -> the number of the commit that made it.
    static let shortIDs = Column<CommitShortID, UInt64>("short_ids", in: "simulation", .sequentialSmall)
    /// One entry: the number of the last commit that wrote anything.
    static let lastNumber = Column<UInt8, UInt64>("last_number", in: "simulation", .randomSmall)

    /// In `accounts`, derived from the log of `rooms` by a follower: position -> the number of the commit.
    static let projection = Column<Position, UInt64>("projection", in: "simulation", .sequentialSmall)
    /// In `accounts`: a job's argument -> how many steps it has, kept when it is done.
    static let jobTotals = Column<UInt64, UInt64>("job_totals", in: "simulation", .randomSmall)
    /// In `accounts`: (a job's argument, step) for the steps that are done.
    static let jobSteps = Column<FixedKey<UInt64, UInt64>, Empty>("job_steps", in: "simulation", .randomSmall)
    /// In `accounts`: the requests that span databases.
    static let requests = Column<UInt64, Empty>("requests", in: "simulation", .randomSmall)
    /// In the other databases: the requests that were carried out.
    static let carriedOut = Column<UInt64, Empty>("carried_out", in: "simulation", .randomSmall)

    typealias EntryKey = FixedKey<UInt8, UInt8>

    /// The only key of `lastNumber`.
    static let lastNumberKey: UInt8 = 0
    static let groups: Range<UInt8> = 0..<4
    static let items: Range<UInt8> = 0..<24
    static let scopes = groups.map { Scope(.room, [$0]) }

    /// The schema of the database of that name.
    static func schema(_ name: String) -> DatabaseSchema {
        var schema = DatabaseSchema(
            name: name, version: 2,
            maps: [
                entries.map, valueIndex.map, counts.map, shortIDs.map, lastNumber.map, projection.map, jobTotals.map, jobSteps.map,
                requests.map, carriedOut.map,
            ])
        schema.compactsAutomatically = false
        return schema
    }
}

/// The short ID that a commit makes.
struct CommitShortID: ShortID {
    let number: UInt64
}
