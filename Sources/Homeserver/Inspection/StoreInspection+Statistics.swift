import CanonicalJSON
import Store

extension StoreInspection {
    /// How the databases and each of their maps are doing.
    ///
    /// An object with `running`, the `block_cache` that the databases share, and `databases`. Without a running server there is neither a use
    /// of memory nor of caches to tell of.
    ///
    /// - Throws: `StoreError` when a database can't be read.
    package func statistics() throws -> JSONObject {
        let summaries = try databases.map { try $0.summary() }
        var answer: JSONObject = ["running": .bool(isRunning)]
        if isRunning {
            answer["block_cache"] = [
                "bytes": .integer(Int64(blockCache.usageBytes)), "capacity_bytes": .integer(Int64(blockCache.capacityBytes)),
            ]
        }
        answer["databases"] = .array(
            try zip(databases, summaries).map { database, summary in
                .object(try statistics(of: database, summary, all: summaries))
            })
        return answer
    }

    private func statistics(of database: InspectedDatabase, _ summary: DatabaseSummary, all: [DatabaseSummary]) throws -> JSONObject {
        var object: JSONObject = [
            "name": .string(database.schema.name), "server_name": .string(summary.serverName),
            "schema_version": .integer(Int64(summary.schemaVersion)), "position": .integer(summary.position.value),
            "log_floor": .integer(summary.logFloor.value), "open_intents": .integer(Int64(summary.openIntents)),
            "followers": .array(try followers(of: database, at: summary.position, all)), "jobs": .array(summary.jobs.map(job)),
            "maps": .array(try database.schema.maps.map { .object(try statistics(of: $0, in: database)) }),
        ]
        if let intents = try background?.intents(of: database.schema.name) { object["intents"] = .array(intents.map(intent)) }
        switch database.health {
        case .well?: object["healthy"] = true
        case .failing(let since, let reason)?:
            object["healthy"] = false
            object["failing_since"] = .integer(since)
            object["failure"] = .string(reason)
        case nil: break
        }
        return object
    }

    private func statistics(of map: MapDescriptor, in database: InspectedDatabase) throws -> JSONObject {
        let statistics = try database.statistics(of: map)
        var object: JSONObject = [
            "name": .string(map.name), "directory": .string(map.directory), "keys": .integer(Int64(statistics.keys)),
            "disk_bytes": .integer(Int64(statistics.bytesOnDisk)),
        ]
        if isRunning {
            object["memtable_bytes"] = .integer(Int64(statistics.memtableBytes))
            object["table_reader_bytes"] = .integer(Int64(statistics.tableReaderBytes))
            object["cache_hits"] = .integer(Int64(statistics.cacheHits))
            object["cache_misses"] = .integer(Int64(statistics.cacheMisses))
        }
        return object
    }

    /// The followers of a database, whichever database keeps their place, which is called `source/follower`. How far they lag behind is
    /// counted in entries of the log, up to a limit.
    private func followers(of database: InspectedDatabase, at position: Position, _ all: [DatabaseSummary]) throws -> [JSONValue] {
        let prefix = "\(database.schema.name)/"
        let running = background?.followers(of: database.schema.name) ?? []
        return try all.flatMap(\.followers).filter { $0.name.hasPrefix(prefix) }.map { follower in
            let name = String(follower.name.dropFirst(prefix.count))
            var log = try database.reader.domain(CommonMaps.positionChange, .all.from(follower.position.encoded + [0x00]))
            var object: JSONObject = [
                "name": .string(name), "position": .integer(follower.position.value),
                "lag": .integer(Int64(try log.collect(limit: Self.lagCountMax).count)),
            ]
            if let status = running.first(where: { $0.name == name }) {
                object["failures"] = .integer(Int64(status.failures))
                object["error"] = status.error.map { .string($0) }
            }
            return .object(object)
        }
    }

    /// So many entries of the log are counted at most to say how far a follower lags behind.
    private static let lagCountMax = 10_000

    private func intent(_ status: IntentStatus) -> JSONValue {
        var object: JSONObject = [
            "id": .integer(Int64(status.id.number)), "kind": .string(status.intent.kind), "is_known": .bool(status.isKnown),
        ]
        object["error"] = status.error.map { .string($0) }
        return .object(object)
    }

    private func job(_ id: JobID, _ job: Job) -> JSONValue {
        var object: JSONObject = [
            "id": .integer(Int64(id.number)), "kind": .string(job.kind), "started_ts": .integer(job.startedAt),
            "done": .integer(Int64(job.done)), "failures": .integer(Int64(job.failures)),
        ]
        object["total"] = job.total.map { .integer(Int64($0)) }
        object["error"] = job.error.map { .string($0) }
        return .object(object)
    }
}
