import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport
import Testing

@testable import Homeserver

/// Pushers of the kind `email`.
@Suite struct NotificationMailsTests {
    private static let minute: Int64 = 60 * 1000
    private static let address = "bob@example.org"

    /// Runs `body` with a server that has a mail server.
    private func run(
        on directory: TemporaryDirectory? = nil, clock: VirtualClock = VirtualClock(), _ mail: TestMail,
        _ body: @escaping @Sendable (VirtualServer) async throws -> Void
    ) throws {
        var settings = AccountsSettings()
        settings.email = EmailSettings(mail: mail, baseURL: "https://matrix.example.org")
        try VirtualServer.run(on: directory ?? TemporaryDirectory(), clock: clock, accounts: settings, body)
    }

    @Test func whatIsUnreadForAWhileIsTold() throws {
        let mail = TestMail()
        try run(mail) { server in
            let room = try await server.room()
            _ = try await server.rooms.setState(.name, ["name": "Mission Control"], in: room, by: server.alice)
            try await server.addAddress(Self.address)
            try await server.setMailPusher(Self.address)
            try await server.say("own", in: room, by: server.bob)
            try await server.say("we have\na problem", in: room)
            try await server.wait(9 * Self.minute)
            #expect(mail.messages.isEmpty)
            try await server.say("again", in: room)
            try await server.wait(2 * Self.minute)
            let message = try #require(mail.messages.first)
            #expect(message.recipient == Self.address)
            #expect(message.subject == "2 unread messages on example.org")
            #expect(message.text.contains("Mission Control\n  @alice:example.org: we have a problem\n  @alice:example.org: again\n"))
            // Nothing is told twice.
            try await server.wait(3 * 24 * 60 * Self.minute)
            #expect(mail.messages.count == 1)
        }
    }

    @Test func whatIsReadMeanwhileIsNotTold() throws {
        let mail = TestMail()
        try run(mail) { server in
            let (room, answered) = (try await server.room(), try await server.room())
            try await server.addAddress(Self.address)
            try await server.setMailPusher(Self.address)
            let event = try await server.say("one", in: room)
            try await server.say("one", in: answered)
            try await server.wait(5 * Self.minute)
            try await server.homeserver.receipts.set(ReadMarkers(type: "m.read", event: event, threadID: nil), in: room, by: server.bob)
            try await server.say("answer", in: answered, by: server.bob)
            try await server.wait(60 * Self.minute)
            #expect(mail.messages.isEmpty)
            try await server.say("two", in: room)
            try await server.wait(11 * Self.minute)
            #expect(mail.messages.map(\.subject) == ["1 unread message on example.org"])
        }
    }

    @Test func thePausesGrowUntilItIsQuiet() throws {
        let mail = TestMail()
        try run(mail) { server in
            let room = try await server.room()
            try await server.addAddress(Self.address)
            try await server.setMailPusher(Self.address)
            let start = server.clock.now()
            var moments: [Int64] = []
            // Something every five minutes.
            for _ in 0..<200 {
                try await server.say("news", in: room)
                try await server.wait(5 * Self.minute)
                if mail.messages.count > moments.count { moments.append((server.clock.now() - start) / Self.minute) }
            }
            #expect(moments.first.map { 10...15 ~= $0 } == true, "\(moments)")
            let pauses = zip(moments, moments.dropFirst()).map { $1 - $0 }
            #expect(pauses.count == 4 && zip(pauses, [10, 40, 160, 640]).allSatisfy { $1...$1 + 10 ~= $0 }, "\(pauses)")
            try await server.wait(48 * 60 * Self.minute)
            let count = mail.messages.count
            try await server.say("after a while", in: room)
            try await server.wait(11 * Self.minute)
            #expect(mail.messages.count == count + 1)
        }
    }

    @Test func aRestartLosesNothing() throws {
        let (mail, clock, directory) = (TestMail(), VirtualClock(), try TemporaryDirectory())
        try run(on: directory, clock: clock, mail) { server in
            let room = try await server.room()
            try await server.addAddress(Self.address)
            try await server.say("before the pusher", in: room)
            try await server.setMailPusher(Self.address)
            try await server.say("one", in: room)
            try await server.wait(5 * Self.minute)
        }
        #expect(mail.messages.isEmpty)
        try run(on: directory, clock: clock, mail) { server in
            try await server.wait(4 * Self.minute)
            #expect(mail.messages.isEmpty)
            try await server.wait(2 * Self.minute)
            #expect(mail.messages.map(\.subject) == ["1 unread message on example.org"])
        }
        try run(on: directory, clock: clock, mail) { server in
            try await server.wait(60 * Self.minute)
            #expect(mail.messages.count == 1)
        }
    }

    @Test func whatCannotBeSentIsTriedAgainAndWhatIsRefusedIsNot() throws {
        let mail = TestMail()
        try run(mail) { server in
            let room = try await server.room()
            try await server.addAddress(Self.address)
            try await server.setMailPusher(Self.address)
            mail.fail(with: .failed("nobody there"))
            try await server.say("one", in: room)
            try await server.wait(12 * Self.minute)
            mail.fail(with: nil)
            try await server.wait(6 * Self.minute)
            #expect(mail.messages.count == 1)
            mail.fail(with: .refused("no such mailbox"))
            try await server.say("two", in: room)
            try await server.wait(60 * Self.minute)
            mail.fail(with: nil)
            try await server.wait(24 * 60 * Self.minute)
            #expect(mail.messages.count == 1)
        }
    }

    @Test func invitesAreToldOfAndPausedPushersAreNot() throws {
        let mail = TestMail()
        try run(mail) { server in
            try await server.addAddress(Self.address)
            try await server.setMailPusher(Self.address)
            var request = CreateRoomRequest()
            (request.name, request.invite) = ("Tea", [server.bob.userID])
            _ = try await server.rooms.create(request, by: server.alice)
            try await server.wait(11 * Self.minute)
            #expect(mail.messages.first?.text.contains("Tea\n  @alice:example.org invites you\n") == true)
            try await server.setMailPusher(Self.address, isEnabled: false)
            let room = try await server.room()
            try await server.say("one", in: room)
            try await server.wait(120 * Self.minute)
            #expect(mail.messages.count == 1)
        }
    }

    @Test func onlyAnAddressOfTheAccountGetsMessages() throws {
        let mail = TestMail()
        try run(mail) { server in
            await expect(.threePIDNotFound, 400) { try await server.setMailPusher(Self.address) }
            try await server.addAddress("alice@example.org", to: server.alice)
            await expect(.threePIDNotFound, 400) { try await server.setMailPusher("alice@example.org") }
            try await server.addAddress(Self.address)
            try await server.setMailPusher("Bob@Example.org")
            #expect(try server.homeserver.pushers.list(for: server.bob).map { $0["kind"] } == ["email"])
            #expect(try server.homeserver.pushers.list(for: server.bob).first?["mail"] == nil)
            // With the address the pusher goes.
            try await server.homeserver.accounts.removeThirdPartyID(medium: "email", address: Self.address, of: server.bob)
            #expect(try server.homeserver.pushers.list(for: server.bob).isEmpty)
        }
    }

    @Test func aMessagesLinkEndsThem() throws {
        let mail = TestMail()
        try run(mail) { server in
            let room = try await server.room()
            for address in [Self.address, "b@example.org"] {
                try await server.addAddress(address)
                try await server.setMailPusher(address)
            }
            try await server.say("one", in: room)
            try await server.wait(11 * Self.minute)
            let message = try #require(mail.messages.first { $0.recipient == Self.address })
            let link = try #require(message.unsubscribeLink)
            #expect(message.text.hasSuffix("\n\(link)"))
            let parts = link.split(whereSeparator: { "?&=".contains($0) }).map(String.init)
            try #require(parts.count == 5)
            #expect(parts[0] == "https://matrix.example.org/_martlet/email/unsubscribe" && parts[1] == "pusher" && parts[3] == "signature")
            let other = try #require(mail.messages.first { $0.recipient != Self.address }?.unsubscribeLink)
            let wrong = try #require(other.split(separator: "=").last.map(String.init))
            for (pusher, signature) in [(parts[2], wrong), (parts[2], ""), ("", parts[4]), (parts[2], "?")] {
                await expect(.forbidden, 403) { try await server.homeserver.pushers.unsubscribe(pusher, signature: signature) }
            }
            for _ in 0..<2 {
                try await server.homeserver.pushers.unsubscribe(parts[2], signature: parts[4])
                #expect(try server.homeserver.pushers.list(for: server.bob).map { $0["pushkey"] } == ["b@example.org"])
            }
            // It is not good for a pusher that comes later.
            try await server.setMailPusher(Self.address)
            try await server.homeserver.pushers.unsubscribe(parts[2], signature: parts[4])
            #expect(try server.homeserver.pushers.list(for: server.bob).count == 2)
        }
    }

    @Test func withoutAMailServerThereIsNone() throws {
        try VirtualServer.run { server in
            try await server.addAddress(Self.address)
            await expect(.threePIDMediumNotSupported, 400) { try await server.setMailPusher(Self.address) }
        }
    }
}

extension VirtualServer {
    @discardableResult
    fileprivate func say(_ text: String, in room: RoomID, by user: Requester? = nil) async throws -> EventID {
        try await rooms.send(
            "m.room.message", ["msgtype": "m.text", "body": .string(text)], to: room,
            transactionID: homeserver.environment.random.alphanumeric(10), by: user ?? alice)
    }

    /// Gives Bob an email address.
    fileprivate func addAddress(_ address: String, to user: Requester? = nil) async throws {
        let database = homeserver.accounts.database
        let session = ValidationSession(
            purpose: .addition, thirdPartyID: .email(address), clientSecretHash: [1], tokenHash: [2], sendAttempt: 1, nextLink: nil,
            expiresAt: clock.now() + 1000)
        try await database.setValidationSession("sid", to: session)
        _ = try await database.validate("sid", clientSecretHash: [1], tokenHash: [2])
        try await database.addThirdPartyID(provedBy: "sid", to: (user ?? bob).userID, ending: nil)
    }

    /// Has Bob told by email.
    fileprivate func setMailPusher(_ address: String, isEnabled: Bool = true) async throws {
        try await homeserver.pushers.set(
            PusherRequest(
                appID: "m.email", pushKey: address, kind: "email", appDisplayName: "Email", deviceDisplayName: address, language: "en",
                data: ["brand": "Example"], isEnabled: isEnabled), for: bob)
    }
}
