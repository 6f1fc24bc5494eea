import Glibc
import Homeserver
import MatrixProtocol
import NIOCore
import RocksDB
import RoomsDatabase
import Store

/// Loads a room's full state from the disk, beside reading the same bytes in their order. For each, the database is opened anew, and the system's
/// cache of its files dropped.
struct ColdState {
    let settings: HomeserverSettings
    let room: RoomID
    let rounds: Int

    /// The most that loading may take, in times of reading.
    private static let ratioMax = 3.0

    /// - Returns: whether it takes no longer than it should.
    func measure() async throws -> Bool {
        print("the full state, cold")
        let load = try await fastest { try RoomsView($0).entries(of: $1).count }
        let read = try await fastest { snapshot, state in
            try RoomsView(snapshot).layers(of: state).reduce(0) { try $0 + bytes(of: RoomsMaps.stateLayers.map, .fixed($1), in: snapshot) }
        }
        let isGood = load.seconds <= Self.ratioMax * read.seconds
        report("\(load.result) entries", load.seconds, "their \(read.result >> 10) KiB", read.seconds)
        let loadEvents = try await fastest { snapshot, state in
            let view = RoomsView(snapshot)
            return try view.events(view.entries(of: state).map(\.event)).count
        }
        let readEvents = try await fastest { snapshot, _ in
            guard let room = try RoomsView(snapshot).shortID(of: room) else { return 0 }
            return try bytes(of: RoomsMaps.pduIDToEvent.map, .fixed(room), in: snapshot)
        }
        report("its \(loadEvents.result) events", loadEvents.seconds, "the timeline's \(readEvents.result >> 10) KiB", readEvents.seconds)
        return isGood
    }

    private func report(_ loaded: String, _ loadSeconds: Double, _ read: String, _ readSeconds: Double) {
        func text(_ seconds: Double) -> String { Report.decimal(seconds * 1000, decimals: 1) + " ms" }
        print(
            "  loading \(loaded): \(text(loadSeconds)); reading \(read) in order: \(text(readSeconds)); "
                + "\(Report.decimal(loadSeconds / readSeconds, decimals: 2)) times")
    }

    private func bytes(of map: MapDescriptor, _ range: KeyRange, in snapshot: PublishedSnapshot) throws -> Int {
        let cursor = try snapshot.cursor(through: range, of: map, .forward)
        var count = 0
        while let (key, value) = try cursor.next() { count += key.count + value.count }
        return count
    }

    /// Runs `body` with the newly opened database and the room's state, again and again.
    private func fastest(_ body: (PublishedSnapshot, ShortStateHash) throws -> Int) async throws -> (result: Int, seconds: Double) {
        var fastest = (result: 0, seconds: Double.infinity)
        let directory = "\(settings.dataDirectory)/\(RoomsMaps.schema.name)"
        for _ in 0..<rounds {
            let database = try await RoomsDatabase(
                directory: directory, serverName: settings.serverName, blockCache: BlockCache(capacityBytes: settings.blockCacheBytes),
                environment: .system(), notifier: Notifier())
            defer { database.close() }
            Self.dropCache(of: directory)
            let snapshot = database.snapshot()
            let view = RoomsView(snapshot)
            guard let room = try view.shortID(of: room) else { throw LargeRoomError("the directory has no room \(room)") }
            let state = try view.currentState(of: room)
            let start = NIODeadline.now()
            let result = try body(snapshot, state)
            fastest = (result, min(fastest.seconds, Double((.now() - start).nanoseconds) / 1e9))
        }
        return fastest
    }

    /// Has the system forget what it holds of a directory's files.
    private static func dropCache(of directory: String) {
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let file = open("\(directory)/\(name)", O_RDONLY)
            guard file >= 0 else { continue }
            posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
            close(file)
        }
    }
}
