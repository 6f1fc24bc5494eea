import CanonicalJSON
import Homeserver
import MatrixProtocol
import TestSupport
import Testing

/// What push gateways are told ("Push Gateway API").
@Suite struct PushDeliveryTests {
    @Test func aGatewayIsToldOfAnEvent() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob, server.carol)
            _ = try await server.homeserver.rooms.setState(.name, ["name": "Mission Control"], in: room, by: server.alice)
            try await server.setPusher(data: ["brand": "Example"])
            try await server.say("own", in: room, by: server.bob)
            let event = try await server.say("floating", server.mentioning(server.bob), in: room, by: server.alice)
            let notification = try await server.gateway.notification(0)
            #expect(server.gateway.requests[0].url == "https://gateway.example/_matrix/push/v1/notify")
            #expect(notification["event_id"] == .string(event.string))
            #expect(notification["room_id"] == .string(room.string))
            #expect(notification["type"] == "m.room.message")
            #expect(notification["sender"] == "@alice:example.org")
            #expect(notification["room_name"] == "Mission Control")
            #expect(notification["content", "body"] == "floating")
            #expect(notification["prio"] == "high")
            #expect(notification["counts"] == ["unread": 1])
            let device = try #require(notification["devices"]?.arrayValue?.first)
            #expect(device["app_id"] == "com.example.app")
            #expect(device["pushkey"] == "key")
            #expect(device["data"] == ["brand": "Example"])
            #expect(device["tweaks"] == ["sound": "default", "highlight": true])
            #expect(device["pushkey_ts"]?.integerValue.map { $0 > 1_600_000_000 && $0 < 100_000_000_000 } == true)
            try await server.say("second", in: room, by: server.alice)
            let second = try await server.gateway.notification(1)
            #expect(second["counts"] == ["unread": 2])
            #expect(second["prio"] == "low")
        }
    }

    @Test func onlyTheEventsIDIsSentWhereThatIsWanted() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher(data: ["format": "event_id_only"])
            let event = try await server.say("secret", in: room, by: server.alice)
            let notification = try #require(try await server.gateway.notification(0).objectValue)
            #expect(notification.keys == ["counts", "devices", "event_id", "prio", "room_id"])
            #expect(notification["event_id"] == .string(event.string))
            let device = try #require(notification["devices"]?.arrayValue?.first?.objectValue)
            #expect(device.keys == ["app_id", "data", "pushkey", "pushkey_ts"])
            #expect(device["data"] == ["format": "event_id_only"])
        }
    }

    @Test func whatFailsIsSentAgain() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher()
            server.gateway.fail(3)
            let events = [
                try await server.say("one", in: room, by: server.alice), try await server.say("two", in: room, by: server.alice),
            ]
            _ = try await server.gateway.notification(1)
            #expect(server.gateway.requests.map { $0.body["notification", "event_id"] } == events.map { .string($0.string) })
            #expect(server.gateway.failuresLeft == 0)
        }
    }

    @Test func whatFailsIsSentAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let event = try await PushServer.run(on: directory) { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher()
            server.gateway.fail(.max)
            let event = try await server.say("one", in: room, by: server.alice)
            try await until { server.gateway.failuresLeft < .max }
            #expect(server.gateway.requests.isEmpty)
            return event
        }
        try await PushServer.run(on: directory) { server in
            let notification = try await server.gateway.notification(0)
            #expect(notification["event_id"] == .string(event.string))
        }
    }

    @Test func rejectedPushKeysAreDropped() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher("good")
            try await server.setPusher("bad")
            server.gateway.reject("bad")
            try await server.say("one", in: room, by: server.alice)
            try await until { try server.homeserver.pushers.list(for: server.bob).count == 1 }
            #expect(try server.homeserver.pushers.list(for: server.bob).first?["pushkey"] == "good")
            try await server.say("two", in: room, by: server.alice)
            _ = try await server.gateway.notification(2)
            let keys = server.gateway.requests.compactMap { $0.body["notification", "devices"]?.arrayValue?.first?["pushkey"]?.stringValue }
            #expect(keys.sorted() == ["bad", "good", "good"])
        }
    }

    @Test func removedPushersAreToldNothing() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher("first")
            try await server.setPusher("second")
            try await server.homeserver.pushers.remove(app: "com.example.app", pushKey: "first", for: server.bob)
            try await server.homeserver.pushers.remove(app: "com.example.app", pushKey: "unknown", for: server.bob)
            for text in ["one", "two"] { try await server.say(text, in: room, by: server.alice) }
            _ = try await server.gateway.notification(1)
            let keys = server.gateway.requests.map { $0.body["notification", "devices"]?.arrayValue?.first?["pushkey"] }
            #expect(keys == ["second", "second"])
            // One that comes again is another one, which begins anew.
            try await server.setPusher("first")
            try await server.say("three", in: room, by: server.alice)
            _ = try await server.gateway.notification(3)
        }
    }

    @Test func onlyWhatNotifiesIsSent() async throws {
        try await PushServer.run { server in
            let (quiet, room) = (try await server.room(with: server.bob), try await server.room(with: server.bob))
            try await server.homeserver.pushRules.set(PushRule(id: quiet.string, actions: ["dont_notify"]), .room, at: .any, of: server.bob)
            try await server.setPusher()
            try await server.say("quiet", in: quiet, by: server.alice)
            let stranger = try await server.room()
            try await server.say("elsewhere", in: stranger, by: server.alice)
            let event = try await server.say("loud", in: room, by: server.alice)
            #expect(try await server.gateway.notification(0)["event_id"] == .string(event.string))
        }
    }

    /// MSC3881.
    @Test func pausedPushersAreToldNothing() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher("paused", isEnabled: false)
            try await server.setPusher("other")
            #expect(try server.homeserver.pushers.list(for: server.bob).map { $0["org.matrix.msc3881.enabled"] } == [true, false])
            #expect(try server.homeserver.pushers.list(for: server.bob).first?["org.matrix.msc3881.device_id"] == "BOB")
            try await server.say("one", in: room, by: server.alice)
            try await server.say("two", in: room, by: server.alice)
            _ = try await server.gateway.notification(1)
            try await server.setPusher("paused")
            try await server.say("three", in: room, by: server.alice)
            _ = try await server.gateway.notification(3)
            let paused = server.gateway.requests.filter {
                $0.body["notification", "devices"]?.arrayValue?.first?["pushkey"] == "paused"
            }
            #expect(paused.map { $0.body["notification", "content", "body"] } == ["three"])
        }
    }

    @Test func invitesAreToldOf() async throws {
        try await PushServer.run { server in
            try await server.setPusher()
            let room = try await server.room(.privateChat)
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            let notification = try await server.gateway.notification(0)
            #expect(notification["type"] == "m.room.member")
            #expect(notification["user_is_target"] == true)
            #expect(notification["membership"] == "invite")
            #expect(notification["content", "membership"] == "invite")
        }
    }

    @Test func readingOnIsToldOf() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher()
            let event = try await server.say("one", in: room, by: server.alice)
            _ = try await server.gateway.notification(0)
            try await server.read(event, in: room, by: server.bob, .readPrivate)
            let badge = try #require(try await server.gateway.notification(1).objectValue)
            #expect(badge["event_id"] == nil)
            #expect(badge["counts"] == ["unread": 0])
            #expect(badge["sender"] == "")
            #expect(badge["devices"]?.arrayValue?.count == 1)
        }
    }

    @Test func aGatewayThatTakesNoCountsIsToldOfEvents() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher()
            server.gateway.refuseCounts(true)
            let first = try await server.say("one", in: room, by: server.alice)
            _ = try await server.gateway.notification(0)
            try await server.read(first, in: room, by: server.bob)
            let second = try await server.say("two", in: room, by: server.alice)
            #expect(try await server.gateway.notification(1)["event_id"] == .string(second.string))
            #expect(server.gateway.refused == 1)
            // It is told of the next number all the same.
            server.gateway.refuseCounts(false)
            try await server.read(second, in: room, by: server.bob)
            #expect(try await server.gateway.notification(2)["counts"] == ["unread": 0])
        }
    }

    @Test func aPushKeyBelongsToOneUserUnlessMoreAreWanted() async throws {
        try await PushServer.run { server in
            func set(_ keepsOthers: Bool, by user: Requester) async throws {
                try await server.homeserver.pushers.set(
                    PusherRequest(
                        appID: "com.example.app", pushKey: "key", appDisplayName: "", deviceDisplayName: "", language: "",
                        data: ["url": "https://gateway.example/_matrix/push/v1/notify"], keepsOthers: keepsOthers), for: user)
            }
            func counts() throws -> [Int] { try [server.alice, server.bob].map { try server.homeserver.pushers.list(for: $0).count } }
            try await set(false, by: server.alice)
            try await set(true, by: server.bob)
            #expect(try counts() == [1, 1])
            try await set(false, by: server.bob)
            #expect(try counts() == [0, 1])
        }
    }

    @Test func aGatewayInTheServersOwnNetworkMayBeWithoutTLS() async throws {
        try await PushServer.run { server in
            let room = try await server.room(with: server.bob)
            try await server.setPusher(data: ["url": "http://gateway.local/_matrix/push/v1/notify"])
            try await server.say("one", in: room, by: server.alice)
            _ = try await server.gateway.notification(0)
            #expect(server.gateway.requests.first?.url == "http://gateway.local/_matrix/push/v1/notify")
            await expect(.invalidParameter, 400) { try await server.setPusher(data: ["url": "http://gateway.local/notify"]) }
        }
    }

    @Test func pushersAreChecked() async throws {
        try await PushServer.run { server in
            func refuses(
                _ code: MatrixError.Code = .invalidParameter, app: String = "app", key: String = "key", kind: String = "http",
                language: String = "en", data: JSONObject = ["url": "https://gateway.example/_matrix/push/v1/notify"]
            ) async {
                await expect(code, 400) {
                    try await server.homeserver.pushers.set(
                        PusherRequest(
                            appID: app, pushKey: key, kind: kind, appDisplayName: "", deviceDisplayName: "", language: language, data: data),
                        for: server.bob)
                }
            }
            await refuses(app: String(repeating: "a", count: 65))
            await refuses(key: String(repeating: "a", count: 513))
            await refuses(kind: "pigeon")
            await refuses(language: String(repeating: "a", count: 1025))
            await refuses(.missingParameter, data: [:])
            for url in [
                "http://gateway.example/_matrix/push/v1/notify", "https://gateway.example/notify", "https://gateway.example",
                "https:///_matrix/push/v1/notify", "gateway.example/_matrix/push/v1/notify",
            ] {
                await refuses(data: ["url": .string(url)])
            }
            await refuses(data: ["url": 1])
            await refuses(
                data: [
                    "url": "https://gateway.example/_matrix/push/v1/notify", "more": .string(String(repeating: "a", count: 9000)),
                ])
            let kept = try server.homeserver.pushers.list(for: server.bob)
            #expect(kept.isEmpty)
        }
    }
}
