import MatrixProtocol
import Testing

@testable import RoomsDatabase

/// Which events are remembered, and how many.
@Suite struct EventCacheTests {
    @Test func soManyBytesAreRememberedAtMost() throws {
        let cache = EventCache()
        let body = String(repeating: "x", count: 60_000)
        let json = """
            {"auth_events":[],"content":{"body":"\(body)"},"depth":1,"origin_server_ts":1,"prev_events":[],"sender":"@a:b","type":"t"}
            """
        let event = try Event(
            trusted: Array(json.utf8), id: EventID(trusted: "$event"), roomID: RoomID(trusted: "!room:b"), version: .v11)
        for number in 1...270 as ClosedRange<UInt64> { cache.remember(event, ShortEventID(number: number)) }
        #expect(cache[ShortEventID(number: 1)] != nil)
        for number in 271...300 as ClosedRange<UInt64> { cache.remember(event, ShortEventID(number: number)) }
        #expect(cache[ShortEventID(number: 1)] == nil && cache[ShortEventID(number: 300)] != nil)
    }

    /// The state with which a room was entered has no place in its timeline.
    @Test func rightsOfARoomOfOthersAreRemembered() async throws {
        try await RemoteRoom.session { remote, here in
            let join = try await remote.join(RemoteRoom.carol)
            let given = try await here.takeState(before: join, of: remote)
            #expect(try await here.receive(join, .v11, before: given).isAccepted)
            let room = try #require(try here.database.room(remote.room.id))
            try await here.say("hello", in: room, by: RemoteRoom.carol)
            let levels = try #require(try here.view.currentEventID(.powerLevels, in: room.shortID))
            #expect(here.database.authEvents[levels] != nil)
        }
    }
}
