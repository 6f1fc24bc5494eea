import CanonicalJSON
import MatrixProtocol
import StoreTestSupport
import TestSupport
import Testing

@testable import Homeserver

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

    @Test func guestsMakeNoStreams() throws {
        try VirtualServer.run { server in
            let guest = Requester(userID: UserID(trusted: "@1:example.org"), deviceID: "GUEST", isGuest: true)
            await expect(.guestAccessForbidden, 403) { try await server.homeserver.streams.newRoom(for: guest, from: nil) }
        }
    }

    @Test func fullStreamsTakeNothingMoreThatIsKept() throws {
        try VirtualServer.run(streamsSizeMaxBytes: 1000) { server in
            let streams = server.homeserver.streams
            let room = try await streams.room(streams.newRoom(for: server.alice, from: nil))
            let large = #""\#(String(repeating: "x", count: 1000))""#
            #expect(try await room.answer(Self.push(large), .json) == nil)
            let refusal = StreamReply.error("The server has no room for more in its streams")
            #expect(try await room.answer(Self.push("1"), .json) == refusal)
            _ = try await room.answer(Self.push("1", "relay"), .json)
            let delete = #"{"type":"push","key":"k","action":{"type":"compact","seq":1}}"#
            #expect(try await room.answer(StreamRequest(parsing: Array(delete.utf8)[...], .json), .json) == nil)
            #expect(try await room.answer(Self.push("2"), .json) == nil)
        }
    }

    @Test func whatBefallsTheAccountHoldsOnOpenConnections() async throws {
        try await SyncServer.run { server in
            let accounts = server.homeserver.accounts
            let login = LoginDevice(id: "ALICE").makeLogin(server.homeserver.environment, TokenLifetimes())
            try await server.enter(server.alice)
            try await accounts.database.logIn(server.alice.userID, as: accounts.account(of: server.alice), login.kept, devicesMax: 1000)
            let alice = try accounts.requester(ofToken: login.device.tokens.accessToken)
            let id = try await server.homeserver.rooms.create(CreateRoomRequest(), by: alice)
            let room = try server.homeserver.streams.matrixRoom(id, for: alice)
            #expect(try room.refusalToPush() == nil)
            try await accounts.database.setFlag(.suspended, of: alice.userID, to: true)
            #expect(try room.refusalToPush() == "This can't be done while the account is suspended")
            try await accounts.database.setFlag(.suspended, of: alice.userID, to: false)
            try await accounts.database.setFlag(.locked, of: alice.userID, to: true)
            #expect(try await room.untilForbidden() == "This account has been locked")
            try await accounts.database.setFlag(.locked, of: alice.userID, to: false)
            try await server.logOut(alice)
            #expect(try await room.untilForbidden() == "The access token is not valid any more")
        }
    }

    @Test func makingAndSendingHaveTheirRates() throws {
        try VirtualServer.run { server in
            let streams = server.homeserver.streams
            for _ in 0..<100 { _ = try await streams.newRoom(for: server.alice, from: nil) }
            await expect(.limitExceeded, 429) { try await streams.newRoom(for: server.alice, from: nil) }
            _ = try await streams.newRoom(for: server.bob, from: nil)
            for _ in 0..<1000 { try streams.countSend(1, from: "here") }
            await expect(.limitExceeded, 429) { try streams.countSend(1, from: "here") }
            try streams.countSend(1, from: "there")
            try await server.wait(1000)
            try streams.countSend(1, from: "here")
            // What is large counts for many.
            try streams.countSend(500 << 10, from: "elsewhere")
            await expect(.limitExceeded, 429) { for _ in 0..<100 { try streams.countSend(500 << 10, from: "elsewhere") } }
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
