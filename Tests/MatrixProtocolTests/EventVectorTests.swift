import CanonicalJSON
import MatrixProtocol
import Testing

/// Events made, hashed, signed, named and redacted here come out byte for byte as other servers have them.
struct EventVectorTests {
    private static let first = EventID(trusted: "$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg")
    private static let second = EventID(trusted: "$Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ")
    private static let serverName = ServerName(trusted: "example.org")

    private static func signingKey() throws -> SigningKey {
        let seed = try #require(Base64.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"))
        return try #require(SigningKey(seed: seed, version: "a_Vect"))
    }

    private static func build(_ vector: EventVector) throws -> Event {
        let content = try #require(try JSONValue(parsing: Array(vector.content.utf8)).objectValue)
        let isFirst = vector.version.roomIDIsCreateHash && vector.type == EventType.roomCreate
        let room = vector.version.roomIDIsCreateHash ? RoomID(createEvent: second) : RoomID(trusted: "!abc:example.org")
        let template = EventTemplate(
            type: vector.type, stateKey: vector.stateKey, content: content, sender: UserID(trusted: "@alice:example.org"),
            roomID: isFirst ? nil : room, redacts: vector.type == EventType.roomRedaction ? first : nil)
        return try Event.build(
            template, version: vector.version, prevEvents: isFirst ? [] : [EventReference(first)],
            authEvents: isFirst ? [] : [EventReference(first), EventReference(second)], depth: 7,
            originServerTS: 1_700_000_000_123, serverName: serverName, signingKey: signingKey())
    }

    @Test(arguments: EventVector.all)
    func build(vector: EventVector) throws {
        let event = try Self.build(vector)
        #expect(event.id.string == vector.id)
        #expect(event.json["hashes"] == ["sha256": .string(vector.contentHash)])
        #expect(event.json["signatures"] == ["example.org": ["ed25519:a_Vect": .string(vector.signature)]])
    }

    @Test(arguments: EventVector.all)
    func builtEventEqualsItsParsedForms(vector: EventVector) throws {
        let event = try Self.build(vector)
        #expect(event.bytes == (try event.json.canonical()))
        let parsed = try Event(parsing: event.bytes, version: vector.version)
        let trusted = try Event(trusted: event.bytes, id: event.id, roomID: event.roomID, version: vector.version)
        for other in [parsed, trusted] {
            #expect(other == event)
            #expect(other.roomID == event.roomID && other.sender == event.sender && other.redacts == event.redacts)
            #expect(other.key == event.key && other.type == event.type && other.membership == event.membership)
            #expect(other.depth == 7 && other.originServerTS == 1_700_000_000_123)
            #expect(other.content == event.content)
            #expect(other.prevEvents == event.prevEvents && other.authEvents == event.authEvents)
        }
        #expect(event.redacts == (vector.type == EventType.roomRedaction ? Self.first : nil))
    }

    /// In every version an event that sticks passes all checks, and redaction takes away that it does.
    @Test(arguments: RoomVersion.supported)
    func stickyInEveryVersion(version: RoomVersion) throws {
        let key = try Self.signingKey()
        let room = version.roomIDIsCreateHash ? RoomID(createEvent: Self.second) : RoomID(trusted: "!abc:example.org")
        for stateKey in [nil, "key"] {
            let template = EventTemplate(
                type: "org.example", stateKey: stateKey, content: ["body": "x"], sender: UserID(trusted: "@alice:example.org"),
                roomID: room, stickiness: Stickiness(durationMilliseconds: 5000))
            let event = try Event.build(
                template, version: version, prevEvents: [], authEvents: [], depth: 2, originServerTS: 3, serverName: Self.serverName,
                signingKey: key)
            let parsed = try Event(parsing: event.bytes, version: version)
            #expect(parsed == event && parsed.stickiness == event.stickiness)
            #expect(event.stickiness?.durationMilliseconds == 5000 && event.json["msc4354_sticky"] == ["duration_ms": 5000])
            #expect(event.hasValidContentHash(version: version))
            try EventSigning.verify(event.json, version: version, signedBy: Self.serverName) { _ in key.verifyKey }
            let redacted = try event.redacted(version: version)
            #expect(redacted.stickiness == nil && redacted.json["msc4354_sticky"] == nil)
            try EventSigning.verify(redacted.json, version: version, signedBy: Self.serverName) { _ in key.verifyKey }
        }
    }

    @Test(
        arguments: [
            ("{}", nil), ("5000", nil), (#"{"duration_ms":-1}"#, nil), (#"{"duration_ms":"1"}"#, nil), (#"{"duration_ms":1.5}"#, nil),
            (#"{"duration_ms":0}"#, 0), (#"{"duration_ms":3600001}"#, 3_600_000),
        ] as [(String, Int64?)])
    func onlyWholeDurationsStick(json: String, duration: Int64?) throws {
        let fields = try JSONFields(scanning: Array(#"{"msc4354_sticky":\#(json)}"#.utf8))
        #expect(Stickiness(fields)?.durationMilliseconds == duration)
        #expect(Stickiness(durationMilliseconds: 5).expiry(sentAt: 100, receivedAt: 90) == 95)
    }

    /// In every version an event of ours passes all checks; where events carry IDs, it names the one before by ID and reference hash.
    @Test(arguments: RoomVersion.supported)
    func buildInEveryVersion(version: RoomVersion) throws {
        let key = try Self.signingKey()
        let room = version.roomIDIsCreateHash ? RoomID(createEvent: Self.second) : RoomID(trusted: "!abc:example.org")
        func build(_ body: String, after previous: [EventReference]) throws -> Event {
            let template = EventTemplate(
                type: "m.room.message", content: ["body": .string(body)], sender: UserID(trusted: "@alice:example.org"), roomID: room)
            return try Event.build(
                template, version: version, prevEvents: previous, authEvents: previous, depth: 2, originServerTS: 3,
                serverName: Self.serverName, signingKey: key)
        }
        let first = try build("first", after: [])
        let second = try build("second", after: [EventReference(first, version: version)])
        #expect(first.id != second.id && second.prevEvents == [first.id] && second.authEvents == [first.id])
        for event in [first, second] {
            #expect(try Event(parsing: event.bytes, version: version) == event)
            #expect(event.hasValidContentHash(version: version))
            try EventSigning.verify(event.json, version: version, signedBy: Self.serverName) { _ in key.verifyKey }
            #expect(EventSigning.requiredSigners(event, version: version) == [Self.serverName])
        }
        if version.eventFormat.carriesEventID {
            let hash = Base64.encode(try ReferenceHash.compute(first.json, version: version))
            #expect(second.json["prev_events"] == [[.string(first.id.string), ["sha256": .string(hash)]]])
            #expect(second.json["event_id"] == .string(second.id.string) && second.id.serverName == Self.serverName)
        } else {
            #expect(second.json["prev_events"] == [.string(first.id.string)])
            #expect(second.json["event_id"] == nil && second.id.serverName == nil)
        }
    }

    @Test(arguments: EventVector.all)
    func redact(vector: EventVector) throws {
        let event = try Self.build(vector)
        let redacted = try event.redacted(version: vector.version)
        #expect(String(decoding: redacted.contentBytes, as: UTF8.self) == vector.redactedContent)
        #expect(redacted.id == event.id)
        #expect(try Event(parsing: redacted.bytes, version: vector.version).id == event.id)
    }

    @Test(arguments: EventVector.all)
    func verify(vector: EventVector) throws {
        let event = try Self.build(vector)
        let key = try Self.signingKey().verifyKey
        #expect(event.hasValidContentHash(version: vector.version))
        for copy in [event, try event.redacted(version: vector.version)] {
            try EventSigning.verify(copy.json, version: vector.version, signedBy: Self.serverName) { $0 == "ed25519:a_Vect" ? key : nil }
        }
    }

    /// An event with members at the top level that the format doesn't know, as Synapse names it.
    @Test func unknownTopLevelMembers() throws {
        let event: JSONObject = [
            "auth_events": [.string(Self.first.string), .string(Self.second.string)], "prev_events": [.string(Self.first.string)],
            "content": ["": "", "A": "B", "z": [1, -2, ["a": 9_007_199_254_740_991, "b": .null]]], "depth": 7, "extra": ["x": 1],
            "membership": "join", "origin": "example.org", "origin_server_ts": 1_700_000_000_123, "prev_state": [],
            "room_id": "!abc:example.org", "sender": "@alice:example.org", "state_key": "key", "type": "org.example.odd",
        ]
        let ids = [
            ("10", "$YKuF5h080Va4sXkxgHw3LDchbxhkltd3fZFL97b5u54"), ("11", "$LUUoQ7-74MjvnY9eIfdvYh2DfIp1RhMzqYYjZnnuwpk"),
        ]
        for (version, id) in ids {
            let version = try #require(RoomVersion(version))
            let signed = try EventSigning.hashAndSign(event, version: version, as: Self.serverName, with: Self.signingKey())
            #expect(try Event(signed, version: version).id.string == id)
        }
    }
}
