import CanonicalJSON
import MatrixProtocol
import Store
import TestSupport
import Testing

@testable import Homeserver

/// Connections of simplified sliding sync: what is known of what their clients were told.
@Suite struct SlidingSyncConnectionTests {
    private func isUnknown(_ ask: () async throws -> JSONValue) async -> Bool {
        do {
            _ = try await ask()
            return false
        } catch let error as MatrixError {
            return error.code == .unknownPosition && error.status == 400
        } catch {
            return false
        }
    }

    @Test func aLostAnswerIsToldAgain() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            let other = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync([0...0])
            try await server.say("hello", in: other, by: server.alice)
            for _ in 0..<20 {
                let lost = try await client.ask(client.request())
                #expect(lost.bodies(other) == ["hello"] && lost.room(room)?["initial"] == true)
            }
            let answer = try await client.sync()
            #expect(answer.bodies(other) == ["hello"] && answer.room(room)?["initial"] == true)
            #expect(try await client.sync().roomIDs.isEmpty)
        }
    }

    @Test func answersToOneRequestAreAllGoodUntilOneIsUsed() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            _ = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync([0...0])
            var (first, second) = (client, client)
            #expect(try await first.sync().room(room)?["initial"] == true)
            #expect(try await second.sync().room(room)?["initial"] == true)
            #expect(try await first.sync(limit: 11).room(room)?["initial"] == nil)
            let late = second
            #expect(await isUnknown { try await late.ask(late.request()) })
        }
    }

    @Test func positionsOfOthersAreUnknown() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            var other = SlidingClient(server, connectionID: "other")
            _ = try await other.sync()
            var strange = SlidingClient(server, server.carol)
            strange.position = client.position
            other.position = client.position
            for client in [strange, other] { #expect(await isUnknown { try await client.ask(client.request()) }) }
            for position in ["", "nonsense", try await server.sync().next.description] {
                var client = client
                client.position = position
                let broken = client
                #expect(await isUnknown { try await broken.ask(broken.request()) })
            }
            // Whoever begins anew has no other position any more.
            var again = SlidingClient(server)
            #expect(try await again.sync().room(room)?["initial"] == true)
            let former = client
            #expect(await isUnknown { try await former.ask(former.request()) })
            // A position that is ahead of everything can only be of another server, or of one that was restored.
            let position = try #require(again.position.flatMap(SlidingSyncPosition.init(_:)))
            var ahead = again
            ahead.position =
                SlidingSyncPosition(
                    connection: position.connection, version: position.version,
                    token: SyncToken(
                        rooms: Position(position.token.rooms.position.value + 1000), accounts: position.token.accounts.position,
                        transitory: position.token.transitory.position)
                ).description
            let tooFar = ahead
            #expect(await isUnknown { try await tooFar.ask(tooFar.request()) })
        }
    }

    @Test func connectionsAreSeparate() async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.publicChat, with: server.bob)
            var clients = [SlidingClient(server), SlidingClient(server, connectionID: "other"), SlidingClient(server, server.alice)]
            for index in clients.indices { #expect(try await clients[index].sync().room(room)?["initial"] == true) }
            try await server.say("hello", in: room, by: server.alice)
            for index in clients.indices { #expect(try await clients[index].sync().bodies(room) == ["hello"]) }
        }
    }

    @Test func tooManyConnectionsOfADeviceAreForgotten() async throws {
        try await SyncServer.run { server in
            _ = try await server.room(.publicChat, with: server.bob)
            var clients = (0..<25).map { SlidingClient(server, connectionID: "\($0)") }
            for index in clients.indices { _ = try await clients[index].sync() }
            let (first, last) = (clients[0], clients[24])
            #expect(await isUnknown { try await first.ask(first.request()) })
            #expect(await !isUnknown { try await last.ask(last.request()) })
        }
    }

    @Test func aConnectionSurvivesARestart() async throws {
        let directory = try TemporaryDirectory()
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        let settings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key, blockCacheBytes: 1 << 20,
            accounts: AccountsSettings())
        let (room, position) = try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            let server = SyncServer(homeserver: homeserver)
            let room = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.say("hello", in: room, by: server.alice)
            return (room, client.position)
        }
        try await Homeserver.run(settings: settings, environment: .system()) { homeserver in
            var client = SlidingClient(SyncServer(homeserver: homeserver))
            client.position = position
            let answer = try await client.sync()
            #expect(answer.bodies(room) == ["hello"] && answer.room(room)?["initial"] == nil)
        }
    }

    /// Apps look for keys from several processes, which know nothing of each other.
    @Test func clientsThatAreToldOfNoRoomMayShareAName() async throws {
        try await SyncServer.run { server in
            for user in [server.alice, server.bob] { try await server.enter(user) }
            let room = try await server.room(.publicChat, with: server.bob)
            func changedDevices(_ client: inout SlidingClient) async throws -> JSONValue? {
                var request = client.request([])
                request.extensions.wantsEncryption = true
                return try await client.sync(request)["extensions", "e2ee", "device_lists", "changed"]
            }
            var (app, notifications) = (SlidingClient(server), SlidingClient(server))
            let first = (try await changedDevices(&app), try await changedDevices(&notifications))
            #expect(first.0 == nil && first.1 == nil)
            try await server.homeserver.accounts.rename("ALICE", to: "Phone", for: server.alice)
            let told = (try await changedDevices(&app), try await changedDevices(&notifications))
            #expect(told.0 == [.string(server.alice.userID.string)] && told.1 == told.0)
            // What is told of rooms is noted from then on.
            #expect(try await app.sync().room(room)?["initial"] == true)
            let last = try await changedDevices(&notifications)
            #expect(last == nil)
            #expect(try await app.sync().roomIDs.isEmpty)
        }
    }

    @Test func aDeviceThatIsGoneLeavesNothing() async throws {
        try await SyncServer.run { server in
            try await server.enter(server.bob)
            _ = try await server.room(.publicChat, with: server.bob)
            var client = SlidingClient(server)
            _ = try await client.sync()
            try await server.logOut(server.bob)
            try await server.logIn(server.bob)
            let former = client
            #expect(await isUnknown { try await former.ask(former.request()) })
        }
    }

    @Test func positionsAreText() throws {
        let token = SyncToken(rooms: Position(7), accounts: Position(8), transitory: Position(9))
        let position = SlidingSyncPosition(connection: .init(number: 3), version: 4, token: token)
        #expect(SlidingSyncPosition(position.description) == position)
        #expect(SyncToken(position.description) == nil && SlidingSyncPosition(token.description) == nil)
        #expect(PaginationToken(position.description) == nil)
    }
}
