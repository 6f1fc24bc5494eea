/// Everything that one logical database consists of.
package struct DatabaseSchema: Sendable {
    /// The database's name, which is its directory's.
    package let name: String
    /// The version of the set of maps and of their formats.
    package let version: UInt64
    /// Its maps, those that every database has among them.
    package let maps: [MapDescriptor]
    /// Whether tables are merged when there are many. Where they are not, they change only when somebody asks for it, so that a run of the
    /// store can be repeated.
    package var compactsAutomatically = true
    /// What brings a database of an older version forward, in the order of the versions: the last one leads to `version`.
    package let migrations: [Migration]

    /// A database of the given maps; those that every database has are added.
    package init(name: String, version: UInt64, maps: [MapDescriptor], migrations: [Migration] = []) {
        self.name = name
        self.version = version
        self.maps = maps + CommonMaps.all
        self.migrations = migrations
        precondition(hasSoundHistory, "the migrations of the \(name) database don't lead to version \(version) and its maps")
    }

    /// The map of that name; nil if the database has none.
    package func map(named name: String) -> MapDescriptor? {
        maps.first { $0.name == name }
    }
}

/// The maps that every database has, for the store's own use.
package enum CommonMaps {
    /// Schema version, server name, counters; the keys are in `GlobalKey`.
    package static let global = Column<String, [UInt8]>("global", in: "meta", .randomSmall, describedBy: GlobalKey.describe)
    /// Every stamped entry in the order of positions.
    package static let positionChange = Column<Position, Change>("position_change", in: "meta", .sequentialSmall)
    /// The newest position of each scope.
    static let scopePosition = Column<Scope, Position>("scope_position", in: "meta", .randomSmall, .pointLookups)
    /// How far a follower is: its source's name, a slash, and its own name -> the position up to which its work is done.
    package static let followerPosition = Column<String, Position>("follower_position", in: "meta", .randomSmall)
    /// The jobs that aren't done.
    package static let jobs = Column<JobID, Job>("jobid_job", in: "meta", .randomSmall)
    /// The intents of this database that aren't known to be carried out.
    package static let intents = Column<IntentID, Intent>("intentid_intent", in: "meta", .randomSmall)
    /// The intents of other databases that have been carried out here: the owner's name and the intent's number.
    package static let finishedIntents = Column<TupleKey<String, IntentID>, Empty>("finishedintentids", in: "meta", .randomSmall)

    static let all: [MapDescriptor] = [
        global.map, positionChange.map, scopePosition.map, followerPosition.map, jobs.map, intents.map, finishedIntents.map,
    ]
}
