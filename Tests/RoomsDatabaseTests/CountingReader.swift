import Store
import Synchronization

/// A state of the database that counts what is read of it by key.
final class CountingReader: Reader, Sendable {
    private let snapshot: PublishedSnapshot
    private let counts = Mutex<[ObjectIdentifier: Int]>([:])

    init(_ snapshot: PublishedSnapshot) {
        self.snapshot = snapshot
    }

    /// How many keys of the map were read.
    func count(of map: MapDescriptor) -> Int {
        counts.withLock { $0[ObjectIdentifier(map), default: 0] }
    }

    func bytes(at key: [UInt8], in map: MapDescriptor) throws -> [UInt8]? {
        counts.withLock { $0[ObjectIdentifier(map), default: 0] += 1 }
        return try snapshot.bytes(at: key, in: map)
    }

    func bytes(atSorted keys: [[UInt8]], in map: MapDescriptor) throws -> [[UInt8]?] {
        counts.withLock { $0[ObjectIdentifier(map), default: 0] += keys.count }
        return try snapshot.bytes(atSorted: keys, in: map)
    }

    func cursor(through range: KeyRange, of map: MapDescriptor, _ direction: Direction) throws -> any RawCursor {
        try snapshot.cursor(through: range, of: map, direction)
    }
}
