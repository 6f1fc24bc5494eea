import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TestSupport
import Testing

@testable import Homeserver

/// "Server Notices".
@Suite struct ServerNoticesTests {
    private static let admin = Requester(userID: UserID(trusted: "@admin:example.org"), deviceID: "ADMIN", isAdmin: true)
    private static let bob = Requester(userID: UserID(trusted: "@bob:example.org"), deviceID: "BOB")
    private static let settings = ServerNoticesSettings(user: UserID(trusted: "@notices:example.org"), avatarURL: "mxc://example.org/bell")

    /// Runs `body` with a server on which Bob has an account.
    private func run(
        _ settings: ServerNoticesSettings? = settings, on directory: TemporaryDirectory? = nil, isNew: Bool = true,
        _ body: (Homeserver) async throws -> Void
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: SigningKey.seedSizeBytes), version: "1"))
        var homeserverSettings = HomeserverSettings(
            serverName: ServerName(trusted: "example.org"), dataDirectory: directory.path, signingKey: key,
            blockCacheBytes: 1 << 20, accounts: AccountsSettings())
        homeserverSettings.notices = settings
        try await Homeserver.run(settings: homeserverSettings, environment: .system()) { homeserver in
            if isNew { try await homeserver.register("bob") }
            try await body(homeserver)
        }
    }

    private func notice(
        _ text: String, to user: UserID = bob.userID, type: String? = nil, stateKey: String? = nil, transaction: String? = nil
    ) -> ServerNotices.Request {
        ServerNotices.Request(
            to: user, type: type, stateKey: stateKey, content: ["msgtype": "m.text", "body": .string(text)], transactionID: transaction)
    }

    /// The one room that Bob is invited to.
    private func invitation(_ homeserver: Homeserver) async throws -> (room: RoomID, json: JSONValue) {
        let answer = try await homeserver.sync.sync(SyncRequest(), for: Self.bob).json()
        let rooms = try #require(answer["rooms", "invite"]?.objectValue)
        #expect(rooms.count == 1)
        let (id, json) = try #require(rooms.first { _ in true })
        return (RoomID(trusted: id), json)
    }

    @Test func aNoticeComesInARoomOfItsOwn() async throws {
        try await run { homeserver in
            let event = try await homeserver.notices.send(notice("maintenance at noon"), by: Self.admin)
            let (room, json) = try await invitation(homeserver)
            let state = json["invite_state", "events"]?.arrayValue ?? []
            func content(_ type: String, _ key: String = "") -> JSONValue? {
                state.first { $0["type"]?.stringValue == type && $0["state_key"]?.stringValue == key }?["content"]
            }
            #expect(content("m.room.name")?["name"] == "Server Notices")
            #expect(content("m.room.avatar")?["url"] == "mxc://example.org/bell")
            #expect(try homeserver.accounts.tags(of: Self.bob.userID, on: room, for: Self.bob) == ["m.server_notice": [:]])
            try await homeserver.rooms.join(room, content: [:], by: Self.bob)
            let told = try homeserver.rooms.event(event, in: room, for: Self.bob).json()
            #expect(told["content", "body"] == "maintenance at noon")
            #expect(told["sender"] == "@notices:example.org")
            let member = try homeserver.rooms.state(.member(Self.settings.user), of: room, as: .content, for: Self.bob).json()
            #expect(member["displayname"] == "Server Notices")
            // Nobody answers.
            await expect(.forbidden, 403) {
                try await homeserver.rooms.send("m.room.message", ["body": "thanks"], to: room, transactionID: "1", by: Self.bob)
            }
            let next = try await homeserver.notices.send(notice("done"), by: Self.admin)
            #expect(try homeserver.rooms.event(next, in: room, for: Self.bob).json()["content", "body"] == "done")
            #expect(try homeserver.rooms.joinedRooms(of: Requester(userID: Self.settings.user, deviceID: nil)) == [room])
        }
    }

    @Test func theInviteCannotBeTurnedDownAndTheRoomCanBeLeft() async throws {
        try await run { homeserver in
            _ = try await homeserver.notices.send(notice("hello"), by: Self.admin)
            let (room, _) = try await invitation(homeserver)
            await expect(.cannotLeaveServerNoticeRoom, 403) { try await homeserver.rooms.leave(room, reason: nil, by: Self.bob) }
            await expect(.cannotLeaveServerNoticeRoom, 403) {
                try await homeserver.rooms.setState(.member(Self.bob.userID), ["membership": "leave"], in: room, by: Self.bob)
            }
            try await homeserver.rooms.join(room, content: [:], by: Self.bob)
            try await homeserver.rooms.leave(room, reason: nil, by: Self.bob)
            // The next notice is in the same room again.
            _ = try await homeserver.notices.send(notice("again"), by: Self.admin)
            #expect(try await invitation(homeserver).room == room)
            // Invites of others can be turned down.
            let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")
            var request = CreateRoomRequest()
            request.invite = [Self.bob.userID]
            let other = try await homeserver.rooms.create(request, by: alice)
            try await homeserver.rooms.leave(other, reason: nil, by: Self.bob)
        }
    }

    @Test func aUserHasOneRoomAlsoWhenManyNoticesComeAtOnceAndAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        try await run(on: directory) { homeserver in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 {
                    group.addTask { _ = try await homeserver.notices.send(notice("\(number)"), by: Self.admin) }
                }
                try await group.waitForAll()
            }
            _ = try await invitation(homeserver)
        }
        try await run(on: directory, isNew: false) { homeserver in
            _ = try await homeserver.notices.send(notice("six"), by: Self.admin)
            let (room, _) = try await invitation(homeserver)
            #expect(try homeserver.rooms.joinedRooms(of: Requester(userID: Self.settings.user, deviceID: nil)) == [room])
        }
    }

    @Test func otherEventsAndRepeatedRequests() async throws {
        try await run { homeserver in
            let first = try await homeserver.notices.send(notice("once", transaction: "1"), by: Self.admin)
            #expect(try await homeserver.notices.send(notice("once", transaction: "1"), by: Self.admin) == first)
            #expect(try await homeserver.notices.send(notice("once", transaction: "2"), by: Self.admin) != first)
            let (room, _) = try await invitation(homeserver)
            _ = try await homeserver.notices.send(notice("state", type: "org.example", stateKey: "key"), by: Self.admin)
            try await homeserver.rooms.join(room, content: [:], by: Self.bob)
            let state = try homeserver.rooms.state(StateKey("org.example", "key"), of: room, as: .content, for: Self.bob).json()
            #expect(state["body"] == "state")
        }
    }

    @Test func refusals() async throws {
        try await run { homeserver in
            await expect(.forbidden, 403) { try await homeserver.notices.send(notice("x"), by: Self.bob) }
            await expect(.notFound, 404) {
                try await homeserver.notices.send(notice("x", to: UserID(trusted: "@nobody:example.org")), by: Self.admin)
            }
            await expect(.unknown, 400) {
                try await homeserver.notices.send(notice("x", to: UserID(trusted: "@bob:example.com")), by: Self.admin)
            }
            try await homeserver.deactivate("bob")
            await expect(.notFound, 404) { try await homeserver.notices.send(notice("x"), by: Self.admin) }
            // Nobody registers or logs in under the name.
            await expect(.userInUse, 400) { try homeserver.accounts.checkAvailability(ofUsername: "notices") }
            await expect(.forbidden, 403) {
                try await homeserver.accounts.logIn(PasswordCredentials(user: "notices", password: ""), on: LoginDevice())
            }
        }
        try await run(nil) { homeserver in
            await expect(.unknown, 400) { try await homeserver.notices.send(notice("x"), by: Self.admin) }
            try homeserver.accounts.checkAvailability(ofUsername: "notices")
        }
    }
}
