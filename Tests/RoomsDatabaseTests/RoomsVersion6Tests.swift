import CanonicalJSON
import MatrixProtocol
import RocksDB
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase
@testable import Store

/// The migration to version 6.
@Suite struct RoomsVersion6Tests {
    @Test func annotationsAndListedRoomsAreFound() async throws {
        let directory = try TemporaryDirectory()
        let (target, reaction, bob) = (ShortEventID(number: 7), ShortEventID(number: 9), TestRooms.bob)
        let rooms = (1...3).map { ShortRoomID(number: $0) }
        let cache = BlockCache(capacityBytes: 1 << 20)
        let before = DatabaseSchema(
            name: RoomsMaps.schema.name, version: 5,
            maps: RoomsMaps.schema.maps.filter { map in !(RoomsVersion6.migration.adding + CommonMaps.all).contains { $0.name == map.name }
            })
        func prepare(_ schema: DatabaseSchema) async throws {
            try await DatabasePreparation(
                [schema], in: directory.path, serverName: TestRooms.serverName.string, blockCache: cache, environment: .system()
            ).run { _ in }
        }
        func session<Result>(_ schema: DatabaseSchema, _ body: (Database) async throws -> Result) async throws -> Result {
            let database = try Database(
                schema: schema, directory: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: cache,
                environment: .system(), notifier: Notifier())
            defer { database.close() }
            return try await body(database)
        }
        try await prepare(before)
        try await session(before) { database in
            try await database.commit { commit in
                commit.put(
                    RoomsMaps.relations, RelatedEvent.Key(target, 8, ShortEventID(number: 8)),
                    RelatedEvent.Value("m.thread", "m.room.message", bob, nil))
                commit.put(
                    RoomsMaps.relations, RelatedEvent.Key(target, 9, reaction), RelatedEvent.Value("m.annotation", "m.reaction", bob, "👍"))
                for (room, joined) in zip(rooms, [0, 1, 5] as [UInt64]) {
                    commit.put(RoomsMaps.publicRooms, room, Empty())
                    commit.put(RoomsMaps.roomJoinedCount, room, joined)
                }
            }
        }
        try await prepare(RoomsMaps.schema)
        try await session(RoomsMaps.schema) { database in
            let view = RoomsView(database.snapshot())
            #expect(try view.isAnnotated(target, by: bob, type: "m.reaction", key: "👍"))
            #expect(try !view.isAnnotated(target, by: bob, type: "m.reaction", key: "👎"))
            #expect(try !view.isAnnotated(target, by: TestRooms.alice, type: "m.reaction", key: "👍"))
            var entries = try view.reader.domain(RoomsMaps.annotations, .fixed(target))
            #expect(try entries.collect().map(\.key.parts.2) == [reaction])
            #expect(try view.publicRoomCount() == 2)
            var listed = try view.publicRooms(after: nil)
            #expect(try listed.next() == PublicRoomPlace(room: rooms[2], joinedCount: 5))
            #expect(try listed.next() == PublicRoomPlace(room: rooms[1], joinedCount: 1))
            #expect(try listed.next() == nil)
        }
    }
}
