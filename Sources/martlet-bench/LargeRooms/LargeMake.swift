import ArgumentParser
import Homeserver
import MatrixProtocol
import NIOCore
import RocksDB
import RoomsDatabase
import Store

/// Writes a large room.
struct LargeMake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Make a large room.",
        discussion: "The directory is made if it isn't there; a room of the same version can be made in it once.")

    @OptionGroup var place: LargeRoomDirectory

    @Option(help: "How many members the room has.")
    var members: Int = 50_000

    @Option(help: "How many events the room has.")
    var events: Int = 200_000

    /// So many events are written in one commit.
    private static let eventsPerCommit = 50
    private static let eventsPerMessage = 20_000

    func validate() throws {
        guard members > 0, events >= members + 4 else { throw ValidationError("There have to be more events than members.") }
    }

    func run() async throws {
        let directory = try DataDirectory(path: place.directory)
        let settings = try place.settings(of: directory)
        // Makes what isn't there.
        try await Homeserver.run(settings: settings, environment: .system()) { _ in }
        let start = NIODeadline.now()
        let room = try await write(to: settings)
        try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            try await homeserver.rooms.join(room, content: [:], by: place.member)
        }
        let seconds = Double((.now() - start).nanoseconds) / 1e9
        print("\(room): \(members) members, \(events) events, written in \(Report.decimal(seconds, decimals: 1)) s")
        withExtendedLifetime(directory) {}
    }

    private func write(to settings: HomeserverSettings) async throws -> RoomID {
        let database = try await RoomsDatabase(
            directory: "\(settings.dataDirectory)/\(RoomsMaps.schema.name)", serverName: settings.serverName,
            blockCache: BlockCache(capacityBytes: settings.blockCacheBytes), environment: .system(), notifier: Notifier())
        defer { database.close() }
        var history = try place.history(members: members, events: events)
        let beginning = history.beginning
        let isNew = try await database.commit { commit in try commit.create(beginning) != nil }
        guard isNew else { throw LargeRoomError("the directory has the room \(beginning.id) already") }
        var written = beginning.events.count
        while true {
            var events: [Event] = []
            while events.count < Self.eventsPerCommit, let event = try history.next() { events.append(event) }
            if events.isEmpty { return beginning.id }
            let received = try events.map { try history.receive($0) }
            try await database.commit { commit in try commit.receive(received, to: beginning.id) }
            if (written + events.count) / Self.eventsPerMessage > written / Self.eventsPerMessage {
                progress("\(written + events.count) events")
            }
            written += events.count
        }
    }
}

extension RoomsCommit {
    /// Takes events that other servers have made.
    fileprivate func receive(_ events: [Event], to roomID: RoomID) throws {
        guard let room = try view.room(roomID) else { throw LargeRoomError("there is no room \(roomID)") }
        for event in events {
            let receipt = try receive(event, in: room)
            guard case .accepted = receipt else { throw LargeRoomError("\(event.id): \(receipt)") }
        }
    }
}
