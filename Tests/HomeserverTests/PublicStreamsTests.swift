import CanonicalJSON
import Homeserver
import MatrixProtocol
import StoreTestSupport
import TestSupport
import Testing

/// Who may use which streams.
@Suite struct PublicStreamsTests {
    private static func push(_ value: String, _ action: String = "append") throws -> StreamRequest {
        let json = #"{"type":"push","key":"k","value":\#(value),"action":{"type":"\#(action)"}}"#
        return try StreamRequest(parsing: Array(json.utf8)[...], .json)
    }

    /// What a key of a stream has, as JSON.
    private static func replay(_ room: StreamRoom) async throws -> String {
        let get = try StreamRequest(parsing: Array(#"{"type":"get","key":"k"}"#.utf8)[...], .json)
        return String(decoding: try await room.answer(get, .json)?.encoded(in: .json) ?? [], as: UTF8.self)
    }

    @Test func usersMakeStreamsAndStrangersDont() throws {
        try VirtualServer.run { server in
            let streams = server.homeserver.streams
            let secret = try await streams.newRoom(for: server.alice, from: nil)
            #expect(secret.utf8.count >= 22, "letters and digits of 128 bits")
            _ = try streams.room(secret)
            await #expect(throws: MatrixError(.missingToken, "Only this server's users may make streams")) {
                try await streams.newRoom(for: nil, from: "127.0.0.1")
            }
            #expect(throws: MatrixError(.notFound, "There is no such stream")) { try streams.room(secret + "x") }
            #expect(throws: MatrixError(.notFound, "There is no such stream")) { try streams.room("") }
        }
    }

    @Test func makingAndSendingHaveTheirRates() throws {
        try VirtualServer.run { server in
            let streams = server.homeserver.streams
            for _ in 0..<100 { _ = try await streams.newRoom(for: server.alice, from: nil) }
            await expect(.limitExceeded, 429) { try await streams.newRoom(for: server.alice, from: nil) }
            _ = try await streams.newRoom(for: server.bob, from: nil)
            for _ in 0..<1000 { try streams.countSend(from: "here") }
            await expect(.limitExceeded, 429) { try streams.countSend(from: "here") }
            try streams.countSend(from: "there")
            try await server.wait(1000)
            try streams.countSend(from: "here")
        }
    }

    @Test func anIdleStreamIsGoneAfterItsTime() throws {
        try VirtualServer.run { server in
            let streams = server.homeserver.streams
            let secret = try await streams.newRoom(for: server.alice, from: nil)
            let room = try streams.room(secret)
            try await server.wait(31 * 24 * 60 * 60 * 1000)
            await expect(.notFound, 404) { try streams.room(secret) }
            guard case .error? = try await room.answer(Self.push("1"), .json) else {
                Issue.record("a stream that is gone took a push")
                return
            }
        }
    }

    @Test func aMatrixRoomsStreamIsItsMembers() throws {
        try VirtualServer.run { server in
            let streams = server.homeserver.streams
            let id = try await server.rooms.create(CreateRoomRequest(), by: server.alice)
            let room = try streams.matrixRoom(id, for: server.alice)
            #expect(try await room.answer(Self.push(#""a""#), .json) == nil)
            await expect(.forbidden, 403) { try streams.matrixRoom(id, for: server.bob) }
            await expect(.forbidden, 403) { try streams.matrixRoom(RoomID(trusted: "!nowhere"), for: server.alice) }
            #expect(
                try await Self.replay(room)
                    == #"{"type":"init","key":"k","data":[{"value":"a","seq":1,"sender":"@alice:example.org"}]}"#)
            try await server.rooms.leave(id, reason: nil, by: server.alice)
            #expect(try room.refusalToPush() == "You are not in this room")
            #expect(try await room.untilForbidden() == "You are not in this room any more")
        }
    }

    @Test func powerLevelsSayWhoMayPush() throws {
        try VirtualServer.run { server in
            let id = try await server.room()
            let room = try server.homeserver.streams.matrixRoom(id, for: server.bob)
            #expect(try room.refusalToPush() == nil)
            #expect(StreamRoom.eventType == "org.martlet.stream")
            let levels: JSONObject = ["users": ["@bob:example.org": 49], "events": ["org.martlet.stream": 50], "state_default": 0]
            _ = try await server.rooms.setState(.powerLevels, levels, in: id, by: server.alice)
            #expect(try room.refusalToPush() != nil)
            guard case .error? = try await room.answer(Self.push("1"), .json) else {
                Issue.record("a push was taken")
                return
            }
        }
    }
}
