import RocksDB
import Testing

/// The bytes of a text, as the tests' keys and values.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of a value, for readable expectations.
func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

extension InstanceOptions {
    /// Makes the database and its column families where they are missing.
    static var creating: InstanceOptions {
        var options = InstanceOptions()
        options.createIfMissing = true
        options.createMissingColumnFamilies = true
        return options
    }
}

/// An open instance with the column families `events` and `rooms`.
struct TestInstance {
    let instance: Instance
    let events: ColumnFamily
    let rooms: ColumnFamily

    static let families: [(name: String, options: ColumnFamilyOptions)] = [
        ("events", ColumnFamilyOptions()), ("rooms", ColumnFamilyOptions()),
    ]

    init(
        _ path: String, options: InstanceOptions = .creating, families: [(name: String, options: ColumnFamilyOptions)] = Self.families,
        readOnly: Bool = false
    ) throws {
        instance = try Instance.open(at: path, options: options, columnFamilies: families, readOnly: readOnly)
        events = try #require(instance.columnFamily("events"))
        rooms = try #require(instance.columnFamily("rooms"))
    }

    /// Puts the entries into `events` in one batch.
    func put(_ entries: [String: String], sync: Bool = false) throws {
        let batch = WriteBatch()
        for (key, value) in entries { batch.put(bytes(key), bytes(value), in: events) }
        try instance.write(batch, sync: sync)
    }

    /// The value of a key of `events`.
    func get(_ key: String, snapshot: Snapshot? = nil) throws -> String? {
        text(try instance.get(bytes(key), in: events, snapshot: snapshot))
    }

    /// All keys of `events` between the bounds, by going forward.
    func keys(from lower: String? = nil, to upper: String? = nil, snapshot: Snapshot? = nil) throws -> [String] {
        let iterator = instance.makeIterator(
            in: events, snapshot: snapshot, lowerBound: lower.map(bytes), upperBound: upper.map(bytes))
        var keys: [String] = []
        iterator.seekToFirst()
        while iterator.isValid {
            keys.append(String(decoding: iterator.key, as: UTF8.self))
            iterator.next()
        }
        try iterator.checkStatus()
        return keys
    }

    /// A counter of RocksDB's statistics, which have to be on.
    func counter(_ name: String) throws -> Int {
        let statistics = try #require(instance.statistics)
        let line = try #require(statistics.split(separator: "\n").first { $0.hasPrefix("\(name) COUNT : ") })
        return try #require(line.split(separator: " ").last.flatMap { Int($0) })
    }
}
