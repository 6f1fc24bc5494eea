import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RocksDB
import RoomsDatabase
import Store
import TransitoryDatabase

/// What an administrator sees of the three databases, and does to them, by the names of their maps: of a running server, or in the directory of
/// a stopped one.
///
/// Keys and values go in and out in their readable forms; answers are JSON, as `martlet db` prints it.
package struct StoreInspection: Sendable {
    let databases: [InspectedDatabase]
    let blockCache: BlockCache
    /// Whether the databases are open, so that there is memory and a cache to tell of.
    let isRunning: Bool
    /// What goes on beside requests, where a server runs.
    let background: BackgroundWork?

    /// For databases that are open.
    init(databases: [InspectedDatabase], blockCache: BlockCache, background: BackgroundWork? = nil) {
        self.databases = databases
        self.blockCache = blockCache
        self.background = background
        isRunning = true
    }

    /// For the directory of a stopped server, which the caller has locked. Its databases are only read.
    ///
    /// - Throws: `StoreError` when one of them isn't there or doesn't fit this program.
    package init(stopped directory: DataDirectory, blockCacheBytes: Int) throws {
        let cache = BlockCache(capacityBytes: blockCacheBytes)
        databases = try Databases.schemas.map { schema in
            InspectedDatabase(try ReadOnlyDatabase(schema, at: directory.path(of: schema.name), blockCache: cache))
        }
        blockCache = cache
        background = nil
        isRunning = false
    }

    /// Opens the databases in the directory of a stopped server, which the caller has locked, as a server does, for as long as `body` takes.
    ///
    /// - Throws: `StoreError` when one of them can't be opened; what `body` throws.
    package static func open<Result>(
        _ directory: DataDirectory, blockCacheBytes: Int, environment: Environment, _ body: (StoreInspection) throws -> Result
    ) throws -> Result {
        let cache = BlockCache(capacityBytes: blockCacheBytes)
        let notifier = Notifier()
        var databases: [Database] = []
        defer { for database in databases { database.close() } }
        for schema in Databases.schemas {
            let path = directory.path(of: schema.name)
            let owner = try ReadOnlyDatabase(schema, at: path, blockCache: cache).identity?.serverName
            databases.append(
                try Database(
                    schema: schema, directory: path, serverName: owner ?? "", blockCache: cache, environment: environment,
                    notifier: notifier))
        }
        return try body(StoreInspection(databases: databases.map { InspectedDatabase($0) }, blockCache: cache))
    }
}

extension StoreInspection {
    /// The entry at a key: an object with `key` and `value`.
    ///
    /// - Parameters:
    ///   - key: in the readable form of the map's keys.
    ///   - database: which database's map it is, where several have one of that name.
    /// - Throws: `MatrixError` when there is no such map or entry, or the key is in another form; `StoreError`.
    package func get(map name: String, key: String, database: String?) throws -> JSONObject {
        let (database, map) = try find(name, in: database)
        let encoded: [UInt8]
        do {
            encoded = try map.entries.encodeKey(try ReadableValue(argument: key, in: map.entries.keyForm))
        } catch let error as ReadableFormError {
            throw Self.wrongForm(key, map, error)
        }
        guard let value = try database.reader.bytes(at: encoded, in: map) else {
            throw MatrixError(.notFound, "\(name) has nothing at \(key)")
        }
        return Self.entry(encoded, value, in: map)
    }

    /// A part of a map's entries, in the order of their keys: an object with `entries`, and with `next` when there are more.
    ///
    /// - Parameters:
    ///   - prefix: what the keys begin with, in their readable form; of keys with several parts, the first of them.
    ///   - next: the `next` of the answer before, to go on there.
    ///   - limit: the most entries; there may be fewer.
    ///   - reverse: from the last key to the first.
    ///   - database: which database's map it is, where several have one of that name.
    /// - Throws: `MatrixError` when there is no such map, or the prefix is in another form; `StoreError`.
    package func scan(
        map name: String, prefix: String?, next: String?, limit: Int, reverse: Bool, database: String?
    ) throws -> JSONObject {
        let (database, map) = try find(name, in: database)
        var range = KeyRange.all
        if let prefix {
            do {
                range = try map.entries.keyRange(ofPrefix: try ReadableValue(argument: prefix, in: map.entries.keyForm))
            } catch let error as ReadableFormError {
                throw Self.wrongForm(prefix, map, error)
            }
        }
        if let next {
            guard let last = Hexadecimal.decode(next) else {
                throw MatrixError(.invalidParameter, "next is not what the answer before gave")
            }
            range = reverse ? range.below(last) : range.from(last + [0x00])
        }
        let cursor = try database.cursor(through: range, of: map, reverse ? .backward : .forward)
        var entries: [JSONValue] = []
        var bytes = 0
        var answer = JSONObject()
        while entries.count < limit, let (key, value) = try cursor.next() {
            entries.append(.object(Self.entry(key, value, in: map)))
            bytes += key.count + value.count
            if entries.count == Self.pageEntriesMax || bytes >= Self.pageBytesMax {
                answer["next"] = .string(Hexadecimal.encode(key))
                break
            }
        }
        answer["entries"] = .array(entries)
        return answer
    }

    /// The most entries of one answer, and from how many bytes of keys and values on it is full.
    private static let pageEntriesMax = 1000
    private static let pageBytesMax = 1 << 20

    /// Merges the tables of one map, or of all, and waits until that is done: an object with the `maps`' names and their sizes.
    ///
    /// - Throws: `MatrixError` when there is no such map; `StoreError` when it fails; `CancellationError` between two maps.
    package func compact(map name: String?, database: String?) throws -> JSONObject {
        let maps =
            try name.map { [try find($0, in: database)] } ?? databases.flatMap { database in database.schema.maps.map { (database, $0) } }
        var compacted: [JSONValue] = []
        for (database, map) in maps {
            try Task.checkCancellation()
            let before = try database.statistics(of: map).bytesOnDisk
            try database.compact(map)
            let after = try database.statistics(of: map).bytesOnDisk
            compacted.append([
                "database": .string(database.schema.name), "map": .string(map.name), "disk_bytes_before": .integer(Int64(before)),
                "disk_bytes": .integer(Int64(after)),
            ])
        }
        return ["maps": .array(compacted)]
    }

    /// An entry in readable form. What doesn't decode is shown as its bytes, with an `error`.
    private static func entry(_ key: [UInt8], _ value: [UInt8], in map: MapDescriptor) -> JSONObject {
        do {
            return [
                "key": try map.entries.readableKey(key).keyJSON, "value": try map.entries.readableValue(value, at: key).valueJSON,
            ]
        } catch {
            return [
                "key": .string(Hexadecimal.encode(key)), "value": .string(Hexadecimal.encode(value)), "error": .string("\(error)"),
            ]
        }
    }

    private static func wrongForm(_ argument: String, _ map: MapDescriptor, _ error: ReadableFormError) -> MatrixError {
        MatrixError(
            .invalidParameter, "\(argument) is no key of \(map.name), nor the beginning of one: its keys are \(map.entries.keyForm)")
    }
}

// MARK: - Maps by their names

extension StoreInspection {
    private func find(_ name: String, in database: String?) throws(MatrixError) -> (InspectedDatabase, MapDescriptor) {
        var candidates = databases
        if let database {
            candidates = databases.filter { $0.schema.name == database }
            guard !candidates.isEmpty else { throw MatrixError(.notFound, "there is no database \(database); there are \(names)") }
        }
        let found = candidates.compactMap { database in database.schema.map(named: name).map { (database, $0) } }
        guard found.count < 2 else {
            throw MatrixError(.invalidParameter, "there is a map \(name) in each of several databases; name one of \(names)")
        }
        if let map = found.first { return map }
        let closest = Self.closest(to: name, among: candidates.flatMap { $0.schema.maps.map(\.name) })
        throw MatrixError(.notFound, "there is no map \(name); the closest are \(closest.joined(separator: ", "))")
    }

    private var names: String {
        databases.map(\.schema.name).joined(separator: ", ")
    }

    /// The names that share most with `name`: the most pairs of neighbouring characters, for the length of the names.
    private static func closest(to name: String, among candidates: [String]) -> [String] {
        func pairs(_ text: String) -> Set<[UInt8]> {
            let bytes = Array(text.utf8)
            return Set(zip(bytes, bytes.dropFirst()).map { [$0, $1] })
        }
        let wanted = pairs(name)
        func similarity(_ candidate: String) -> Double {
            let present = pairs(candidate)
            return Double(wanted.intersection(present).count) / Double(max(1, wanted.union(present).count))
        }
        let ranked = Set(candidates).map { ($0, similarity($0)) }.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
        return ranked.prefix(3).map(\.0)
    }
}
