import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport
import Testing
import TransitoryDatabase

/// "Presence", on a virtual clock.
@Suite struct PresenceTests {
    private static let stranger = Requester(userID: UserID(trusted: "@stranger:example.org"), deviceID: "S")

    private static func set(
        _ state: UserPresence.State, _ message: String? = nil, by user: Requester, on server: VirtualServer
    ) async throws {
        try await server.homeserver.presence.set(state, statusMessage: message, of: user.userID, by: user)
    }

    private static func status(of user: Requester, on server: VirtualServer) throws -> JSONValue {
        .object(try server.homeserver.presence.status(of: user.userID, for: user))
    }

    @Test func whatIsSetByHandIsSeen() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            var next = try await server.sync(by: server.bob).next
            #expect(try Self.status(of: server.alice, on: server) == ["presence": "offline"])
            try await Self.set(.online, "I am here.", by: server.alice, on: server)
            let expected: JSONValue = ["presence": "online", "status_msg": "I am here.", "currently_active": true, "last_active_ago": 0]
            #expect(JSONValue.object(try server.homeserver.presence.status(of: server.alice.userID, for: server.bob)) == expected)
            var answer: JSONValue
            (answer, next) = try await server.sync(since: next, by: server.bob)
            #expect(answer.presence(of: server.alice)?["presence"] == "online")
            #expect(answer.presence(of: server.alice)?["status_msg"] == "I am here.")
            try await Self.set(.unavailable, by: server.alice, on: server)
            (answer, next) = try await server.sync(since: next, by: server.bob)
            let told = answer.presence(of: server.alice)
            #expect(told?["presence"] == "unavailable" && told?["status_msg"] == nil && told?["currently_active"] == nil)
            try await Self.set(.offline, "gone", by: server.alice, on: server)
            (answer, next) = try await server.sync(since: next, by: server.bob)
            #expect(answer.presence(of: server.alice)?["presence"] == "offline")
            #expect(answer.presence(of: server.alice)?["status_msg"] == "gone")
            #expect(try await server.sync(since: next, by: server.bob).answer["presence"] == nil)
        }
    }

    @Test func nobodySetsItTooOften() throws {
        var rates = RateLimits()
        rates.presence = RateLimits.Rate(burst: 2, perSecond: 1)
        try VirtualServer.run(rateLimits: rates) { server in
            for message in ["one", "two"] { try await Self.set(.online, message, by: server.alice, on: server) }
            await expect(.limitExceeded, 429) { try await Self.set(.online, "three", by: server.alice, on: server) }
            try await Self.set(.online, "one", by: server.bob, on: server)
            #expect(try Self.status(of: server.alice, on: server)["status_msg"] == "two")
        }
    }

    @Test func syncingIsBeingOnline() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            let next = try await server.sync(by: server.bob).next
            let initial = try await server.sync(as: .online, by: server.alice)
            #expect(initial.answer.presence(of: server.alice)?["presence"] == "online")
            // What the first answer has told is no news in the next one.
            #expect(try await server.sync(since: initial.next, as: .online, by: server.alice).answer["presence"] == nil)
            #expect(try await server.sync(since: next, by: server.bob).answer.presence(of: server.alice)?["presence"] == "online")
            _ = try await server.sync(since: initial.next, as: .unavailable, by: server.alice)
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "unavailable")
        }
    }

    @Test func whoDoesNotSyncGoesOffline() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            let alice = try await server.sync(as: .online, by: server.alice).next
            let next = try await server.sync(by: server.bob).next
            // A sync that waits keeps the user there.
            async let waiting = server.sync(since: alice, as: .online, timeout: 50_000, by: server.alice)
            try await server.wait(45_000)
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "online")
            _ = try await waiting
            try await server.wait(25_000)
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "online")
            try await server.wait(10_000)
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "offline")
            let answer = try await server.sync(since: next, by: server.bob).answer
            #expect(answer.presence(of: server.alice)?["presence"] == "offline")
        }
    }

    @Test func whoDoesNothingBecomesIdle() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            let alice = try await server.sync(as: .online, by: server.alice).next
            var next = try await server.sync(by: server.bob).next
            let withoutPresence: JSONObject = ["presence": ["not_types": ["m.presence"]]]
            async let waiting = server.sync(
                since: alice, filter: withoutPresence, as: .online, timeout: 10 * 60_000, by: server.alice)
            let start = server.clock.now()
            var answer: JSONValue
            (answer, next) = try await server.sync(since: next, timeout: 10 * 60_000, by: server.bob)
            let inactive = answer.presence(of: server.alice)
            #expect(inactive?["presence"] == "online" && inactive?["currently_active"] == false)
            #expect((59_000...63_000).contains(server.clock.now() - start))
            (answer, next) = try await server.sync(since: next, timeout: 10 * 60_000, by: server.bob)
            #expect(answer.presence(of: server.alice)?["presence"] == "unavailable")
            #expect((299_000...303_000).contains(server.clock.now() - start))
            try await server.homeserver.typing.set(true, of: server.alice.userID, in: room, by: server.alice)
            try await server.settle()
            answer = try await server.sync(since: next, by: server.bob).answer
            #expect(answer.presence(of: server.alice)?["presence"] == "online")
            #expect(answer.presence(of: server.alice)?["currently_active"] == true)
            _ = try await waiting
        }
    }

    @Test func devicesTogetherMakeAUser() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            let phone = Requester(userID: server.alice.userID, deviceID: "PHONE")
            _ = try await server.sync(as: .unavailable, by: phone)
            #expect(try Self.status(of: phone, on: server)["presence"] == "unavailable")
            _ = try await server.sync(as: .online, by: server.alice)
            #expect(try Self.status(of: phone, on: server)["presence"] == "online")
            try await Self.set(.offline, by: server.alice, on: server)
            #expect(try Self.status(of: phone, on: server)["presence"] == "unavailable")
        }
    }

    @Test func onlyWhoSharesARoomSees() throws {
        try VirtualServer.run { server in
            let room = try await server.room()
            try await Self.set(.online, by: server.alice, on: server)
            let presence = server.homeserver.presence
            await expect(.forbidden, 403) { try presence.status(of: server.alice.userID, for: Self.stranger) }
            await expect(.forbidden, 403) { try presence.status(of: UserID(trusted: "@nobody:example.org"), for: server.alice) }
            let initial = try await server.sync(by: Self.stranger)
            #expect(initial.answer["presence"] == nil)
            try await Self.set(.unavailable, by: server.alice, on: server)
            #expect(try await server.sync(since: initial.next, by: Self.stranger).answer["presence"] == nil)
            // What came before the room was shared is news then, to both.
            try await Self.set(.online, by: Self.stranger, on: server)
            let alice = try await server.sync(by: server.alice).next
            try await server.rooms.join(room, content: [:], by: Self.stranger)
            let answer = try await server.sync(since: initial.next, by: Self.stranger).answer
            #expect(answer.presence(of: server.alice)?["presence"] == "unavailable")
            #expect(answer.presence(of: server.bob) == nil)
            let hers = try await server.sync(since: alice, by: server.alice).answer
            #expect(hers.presence(of: Self.stranger)?["presence"] == "online")
        }
    }

    @Test func initialSyncsTellWhoIsThere() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            #expect(try await server.sync(by: server.bob).answer["presence"] == nil)
            try await Self.set(.unavailable, by: server.alice, on: server)
            #expect(try await server.sync(by: server.bob).answer.presence(of: server.alice)?["presence"] == "unavailable")
            try await Self.set(.offline, by: server.alice, on: server)
            #expect(try await server.sync(by: server.bob).answer["presence"] == nil)
        }
    }

    @Test func filtersAndIgnoredUsers() throws {
        try VirtualServer.run { server in
            _ = try await server.room()
            try await Self.set(.online, by: server.alice, on: server)
            let filters: [JSONObject] = [
                ["types": ["m.other"]], ["not_types": ["m.presence"]], ["senders": ["@bob:example.org"]],
                ["not_senders": ["@alice:example.org"]],
            ]
            for filter in filters {
                #expect(try await server.sync(filter: ["presence": .object(filter)], by: server.bob).answer["presence"] == nil)
            }
            let wanted = try await server.sync(filter: ["presence": ["senders": ["@alice:example.org"]]], by: server.bob).answer
            #expect(wanted.presence(of: server.alice) != nil)
            try await server.homeserver.accounts.setAccountData(
                of: server.bob.userID, in: nil, type: "m.ignored_user_list",
                to: JSONObject(dictionaryLiteral: ("ignored_users", ["@alice:example.org": [:]])).encoded(), for: server.bob)
            #expect(try await server.sync(by: server.bob).answer["presence"] == nil)
        }
    }

    @Test func afterARestartWhoDoesNotComeBackGoesOffline() throws {
        let directory = try TemporaryDirectory()
        let clock = VirtualClock()
        try VirtualServer.run(on: directory, clock: clock) { server in
            _ = try await server.room()
            try await Self.set(.online, "here", by: server.alice, on: server)
            try await Self.set(.online, by: server.bob, on: server)
        }
        try VirtualServer.run(on: directory, clock: clock) { server in
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "online")
            try await server.wait(20_000)
            _ = try await server.sync(as: .online, by: server.bob)
            try await server.wait(15_000)
            #expect(try Self.status(of: server.alice, on: server)["presence"] == "offline")
            #expect(try Self.status(of: server.alice, on: server)["status_msg"] == "here")
            #expect(try Self.status(of: server.bob, on: server)["presence"] == "online")
        }
    }

    @Test func refusals() throws {
        try VirtualServer.run { server in
            let presence = server.homeserver.presence
            await expect(.forbidden, 403) {
                try await presence.set(.online, statusMessage: nil, of: server.alice.userID, by: server.bob)
            }
            await expect(.tooLarge, 413) {
                let message = String(repeating: "x", count: Presence.statusMessageMaxBytes + 1)
                try await presence.set(.online, statusMessage: message, of: server.bob.userID, by: server.bob)
            }
            let suspended = Requester(userID: server.bob.userID, deviceID: "BOB", isSuspended: true)
            await expect(.userSuspended, 403) {
                try await presence.set(.online, statusMessage: "read this", of: suspended.userID, by: suspended)
            }
            try await presence.set(.online, statusMessage: nil, of: suspended.userID, by: suspended)
        }
    }
}
