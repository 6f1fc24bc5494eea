import CanonicalJSON
import MatrixProtocol
import Testing

/// What an event from outside must look like (event formats of the room versions; client-server API, "Size limits").
struct EventFormatTests {
    private static func event(_ version: RoomVersion = .v11) -> JSONObject {
        func references(_ ids: JSONValue...) -> JSONValue {
            .array(version.eventFormat.carriesEventID ? ids.map { [$0, ["sha256": "x"]] } : ids)
        }
        var event: JSONObject = [
            "auth_events": references("$a", "$b"), "content": ["body": "x"], "depth": 12, "hashes": ["sha256": "x"],
            "origin_server_ts": 1, "prev_events": references("$c"),
            "room_id": version.roomIDIsCreateHash ? "!Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ" : "!r:example.org",
            "sender": "@alice:example.org", "signatures": ["example.org": ["ed25519:1": "x"]], "type": "m.room.message",
        ]
        if version.eventFormat.carriesEventID { event["event_id"] = "$chosen:example.org" }
        return event
    }

    private func error(_ event: JSONObject, _ version: RoomVersion = .v11) -> EventFormatError? {
        do throws(EventFormatError) {
            _ = try Event(parsing: event.encoded(), version: version)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: RoomVersion.supported)
    func validEvent(version: RoomVersion) throws {
        let event = try Event(parsing: Self.event(version).encoded(), version: version)
        #expect(event.authEvents.map(\.string) == ["$a", "$b"] && event.prevEvents.map(\.string) == ["$c"])
        #expect(event.depth == 12 && event.originServerTS == 1 && !event.isState && event.key == nil && event.membership == nil)
        #expect(event.contentMember("body") == "x" && event.contentMember("other") == nil)
        #expect(event.json["signatures"] == ["example.org": ["ed25519:1": "x"]])
    }

    /// Versions 1 and 2 carry the ID; version 3 has the reference hash with slashes, later ones without.
    @Test func eventIDs() throws {
        for version in [RoomVersion.v1, .v2] {
            #expect(try Event(Self.event(version), version: version).id.string == "$chosen:example.org")
            for invalid in ["chosen", "$chosen", "$chosen:exa mple"] {
                var event = Self.event(version)
                event["event_id"] = .string(invalid)
                #expect(error(event, version) == .invalidIdentifier(field: "event_id"))
            }
            var event = Self.event(version)
            event["event_id"] = .string("$" + String(repeating: "x", count: 242) + ":example.org")
            #expect(error(event, version) == nil)
            event["event_id"] = .string("$" + String(repeating: "x", count: 243) + ":example.org")
            #expect(error(event, version) == .invalidIdentifier(field: "event_id"))
            // Few characters may be many bytes.
            event["event_id"] = .string("$" + String(repeating: "\u{e9}", count: 130) + ":example.org")
            #expect(error(event, version) == .fieldTooLong(field: "event_id"))
            event.removeValue(forKey: "event_id")
            #expect(error(event, version) == .missing(field: "event_id"))
        }
        // Some event whose hash has both of the alphabets' last characters.
        var event = Self.event(.v3)
        var id = ""
        var time: Int64 = 1
        while !(id.contains("+") && id.contains("/")) {
            time += 1
            event["origin_server_ts"] = .integer(time)
            id = try Event(event, version: .v3).id.string
        }
        let urlSafe = String(id.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        for version in [RoomVersion.v4, .v5, .v6, .v7, .v8, .v9, .v10, .v11] {
            #expect(try Event(event, version: version).id.string == urlSafe)
        }
    }

    @Test func pairsOfIDAndHashes() throws {
        for invalid: JSONValue in ["$c", ["$c"], ["$c", "x"], [1, [:]], [[:], "$c"], ["$c", [:], 1]] {
            var event = Self.event(.v1)
            event["prev_events"] = [invalid]
            #expect(error(event, .v1) == .wrongType(field: "prev_events", expected: "a list of pairs of event ID and hashes"))
        }
        var event = Self.event(.v1)
        event["prev_events"] = [["c", [:]]]
        #expect(error(event, .v1) == .invalidIdentifier(field: "prev_events"))
        event["prev_events"] = [["$c", [:]], ["$d", ["sha256": "y"]]]
        #expect(try Event(event, version: .v1).prevEvents.map(\.string) == ["$c", "$d"])
    }

    /// Up to version 5 an event may hold any JSON, and a depth may be as large as an integer.
    @Test(arguments: [RoomVersion.v1, .v2, .v3, .v4, .v5])
    func lenientJSON(version: RoomVersion) throws {
        var event = Self.event(version)
        event["content"] = ["x": 1.5, "y": .integer(.max)]
        event["depth"] = .integer(.max)
        let parsed = try Event(event, version: version)
        #expect(parsed.depth == .max && parsed.content["x"] == 1.5)
        #expect(version.eventFormat.depth(after: [3, .max, 7]) == .max && version.eventFormat.depth(after: []) == 1)
    }

    @Test func depthStaysAtTheLimit() {
        let format = RoomVersion.v6.eventFormat
        #expect(format.depth(after: [EventLimits.canonicalDepthMax, 2]) == EventLimits.canonicalDepthMax)
        #expect(format.depth(after: [4, 9]) == 10)
    }

    @Test func unsignedIsDropped() throws {
        var object = Self.event()
        let without = try Event(object, version: .v11)
        object["unsigned"] = ["age": 3]
        #expect(try Event(object, version: .v11) == without)
    }

    @Test(arguments: [
        "auth_events", "content", "depth", "hashes", "origin_server_ts", "prev_events", "room_id", "sender", "signatures", "type",
    ])
    func requiredMember(field: String) {
        var event = Self.event()
        event.removeValue(forKey: field)
        #expect(error(event) == .missing(field: field))
        event[field] = true
        guard case .wrongType(field, _) = error(event) else {
            Issue.record("a boolean \(field) gives \(String(describing: error(event)))")
            return
        }
    }

    @Test func identifiers() {
        for (field, value) in [("sender", "alice"), ("sender", "@a:exa mple"), ("room_id", "#r:example.org")] {
            var event = Self.event()
            event[field] = .string(value)
            #expect(error(event) == .invalidIdentifier(field: field))
        }
        var event = Self.event()
        event["prev_events"] = ["c"]
        #expect(error(event) == .invalidIdentifier(field: "prev_events"))
        event["prev_events"] = [1]
        #expect(error(event) == .wrongType(field: "prev_events", expected: "a list of event IDs"))
    }

    @Test func historicalSender() {
        var event = Self.event()
        event["sender"] = "@Älice ?:example.org"
        #expect(error(event) == nil)
    }

    @Test func stateKey() throws {
        var event = Self.event()
        event["state_key"] = 1
        #expect(error(event) == .wrongType(field: "state_key", expected: "a string"))
        event["state_key"] = ""
        #expect(try Event(event, version: .v11).key == StateKey("m.room.message"))
    }

    @Test func numbers() {
        var event = Self.event()
        event["depth"] = -1
        #expect(error(event) == .outOfRange(field: "depth"))
        event["depth"] = .integer(EventLimits.canonicalDepthMax)
        #expect(error(event) == nil)
        event["depth"] = .integer(EventLimits.canonicalDepthMax + 1)
        guard case .json(.integerOutOfRange) = error(event) else {
            Issue.record("integers beyond canonical JSON are accepted")
            return
        }
        event["depth"] = 1
        event["content"] = ["x": 1.5]
        guard case .json(.floatNotAllowed) = error(event) else {
            Issue.record("floats are accepted")
            return
        }
    }

    @Test func lists() {
        var event = Self.event()
        event["prev_events"] = .array(Array(repeating: "$a", count: EventLimits.prevEventsMax))
        event["auth_events"] = .array(Array(repeating: "$a", count: EventLimits.authEventsMax))
        #expect(error(event) == nil)
        event["prev_events"] = .array(Array(repeating: "$a", count: EventLimits.prevEventsMax + 1))
        #expect(error(event) == .tooMany(field: "prev_events", count: 21, max: 20))
    }

    @Test func sizeLimit() throws {
        var event = Self.event()
        event["content"] = ["body": ""]
        let room = EventLimits.sizeMaxBytes - event.encoded().count
        event["content"] = ["body": .string(String(repeating: "x", count: room))]
        #expect(error(event) == nil)
        event["content"] = ["body": .string(String(repeating: "x", count: room + 1))]
        #expect(error(event) == .tooLarge(sizeBytes: EventLimits.sizeMaxBytes + 1))
    }

    /// From version 11 on the limit is in bytes; before, what is short enough in code points is accepted from others.
    @Test func fieldLimits() {
        for field in ["type", "state_key"] {
            var event = Self.event()
            event[field] = .string(String(repeating: "é", count: 255))
            #expect(error(event, .v10) == nil)
            #expect(error(event, .v11) == .fieldTooLong(field: field))
            event[field] = .string(String(repeating: "x", count: 256))
            #expect(error(event, .v10) == .fieldTooLong(field: field))
        }
        var event = Self.event()
        event["sender"] = .string("@" + String(repeating: "é", count: 240) + ":example.org")
        #expect(error(event, .v10) == nil)
        #expect(error(event, .v11) == .fieldTooLong(field: "sender"))
    }

    @Test func notAnEvent() {
        for text in ["", "[]", "{", "\"x\"", "{\"type\":\"\u{0}\"}"] {
            #expect(throws: EventFormatError.self) { try Event(parsing: Array(text.utf8), version: .v11) }
        }
    }

    @Test func roomOfVersion12IsItsCreateEvent() throws {
        var create = Self.event(.v12)
        create["type"] = "m.room.create"
        create["state_key"] = ""
        create["prev_events"] = []
        create["auth_events"] = []
        create.removeValue(forKey: "room_id")
        let event = try Event(create, version: .v12)
        #expect(event.roomID.string.dropFirst() == event.id.string.dropFirst() && event.roomID.serverName == nil)
        #expect(error(create, .v11) == .missing(field: "room_id"))
    }

    @Test func redactionTarget() throws {
        var event = Self.event()
        event["type"] = "m.room.redaction"
        event["redacts"] = "$top"
        event["content"] = ["redacts": "$content"]
        #expect(try Event(event, version: .v10).redacts?.string == "$top")
        #expect(try Event(event, version: .v11).redacts?.string == "$content")
        event["type"] = "m.room.message"
        #expect(try Event(event, version: .v10).redacts == nil)
    }

    @Test func contentHashShowsChanges() throws {
        let key = try SigningVectorTests.signingKey()
        var event = try EventSigning.hashAndSign(Self.event(), version: .v11, as: SigningVectorTests.serverName, with: key)
        #expect(try Event(event, version: .v11).hasValidContentHash(version: .v11))
        event["content"] = ["body": "y"]
        #expect(try !Event(event, version: .v11).hasValidContentHash(version: .v11))
    }

    @Test func builtEventsKeepToTheLimits() throws {
        let key = try SigningVectorTests.signingKey()
        func build(_ template: EventTemplate) throws -> Event {
            try Event.build(
                template, version: .v10, prevEvents: [], authEvents: [], depth: 1, originServerTS: 1,
                serverName: SigningVectorTests.serverName,
                signingKey: key)
        }
        var template = EventTemplate(
            type: "t", stateKey: "s", content: [:], sender: UserID(trusted: "@a:domain"), roomID: RoomID(trusted: "!r:domain"))
        #expect(try build(template).type == "t")
        template.stateKey = String(repeating: "é", count: 128)
        #expect(throws: EventFormatError.fieldTooLong(field: "state_key")) { try build(template) }
        template.stateKey = nil
        template.content = ["body": .string(String(repeating: "x", count: EventLimits.sizeMaxBytes))]
        #expect(throws: EventFormatError.self) { try build(template) }
        template.content = ["level": 1.5]
        #expect(throws: EventFormatError.json(.floatNotAllowed(offset: nil))) { try build(template) }
    }
}
