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

    /// A number -> the version of the schema that it has been brought to.
    static let migrated = Column<UInt64, UInt64>("migrated", in: "simulation", .random)
    /// Empty: what a migration deletes here makes its commits long.
    private static let filler = Column<UInt64, Empty>("filler", in: "simulation", .random)

    typealias EntryKey = FixedKey<UInt8, UInt8>

    /// The only key of `lastNumber`.
    static let lastNumberKey: UInt8 = 0
    static let groups: Range<UInt8> = 0..<4
    static let items: Range<UInt8> = 0..<24
    static let scopes = groups.map { Scope(.room, [$0]) }

    static let firstVersion: UInt64 = 2
    /// So many that a migration needs several commits.
    static let migratedNumbers: Range<UInt64> = 0..<30
    private static let writesPerMigratedEntry: UInt64 = 400

    /// The schema of the database of that name.
    static func schema(_ name: String, version: UInt64) -> DatabaseSchema {
        let step = MigrationStep(through: migrated) { number, version, commit in
            commit.put(migrated, number, version + 1)
            for index in 0..<writesPerMigratedEntry { commit.delete(filler, number * writesPerMigratedEntry + index) }
        }
        var schema = DatabaseSchema(
            name: name, version: version,
            maps: [
                entries.map, valueIndex.map, counts.map, shortIDs.map, lastNumber.map, projection.map, jobTotals.map, jobSteps.map,
                requests.map, carriedOut.map, migrated.map, filler.map,
            ],
            migrations: (firstVersion..<version).map { Migration(to: $0 + 1, steps: [step]) })
        schema.compactsAutomatically = false
        return schema
    }
}

/// The short ID that a commit makes.
struct CommitShortID: ShortID {
    let number: UInt64
}
