import CanonicalJSON
import MatrixProtocol
import Testing

/// Rule 5.4.1 of the authorization rules: an invite that follows from a third-party one.
struct ThirdPartyInviteTests {
    private static let inviter = "@inviter:example.org"
    private static let target = "@target:example.org"
    private static let identityServer = ServerName(trusted: "identity.example.org")

    private static func key(_ byte: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: [UInt8](repeating: byte, count: 32), version: "0"))
    }

    private static func room(_ version: RoomVersion, invitation: JSONObject) throws -> TestRoom {
        var room = try TestRoom(version: version, joinRule: "invite", powerLevels: ["invite": 0])
        try room.setMembership(inviter, .join)
        try room.set("m.room.third_party_invite", "token", invitation, sender: inviter)
        return room
    }

    private static func signed(_ object: JSONObject = ["mxid": .string(target), "token": "token"], by key: SigningKey) throws -> JSONObject
    {
        try key.sign(object, as: identityServer)
    }

    private func refusal(_ room: TestRoom, _ invite: JSONValue, sender: String = inviter) throws -> AuthorizationError? {
        try room.refusal("invite", of: Self.target, by: sender, ["third_party_invite": invite])
    }

    @Test("5.4.1.7", arguments: RoomVersion.supported)
    func keys(version: RoomVersion) throws {
        let key = try Self.key(1)
        let invite: JSONValue = ["display_name": "t", "signed": .object(try Self.signed(by: key))]
        let base64 = key.verifyKey.base64
        let urlSafe = String(base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        let other = JSONValue.string(try Self.key(2).verifyKey.base64)
        let accepted: [JSONObject] = [
            ["public_key": .string(base64)], ["public_key": .string(urlSafe)],
            ["public_key": other, "public_keys": [["public_key": other], ["public_key": .string(base64)]]],
            ["public_keys": [["public_key": .string(base64), "key_validity_url": "https://x"]]],
        ]
        for invitation in accepted {
            #expect(try refusal(Self.room(version, invitation: invitation), invite) == nil)
        }
        for invitation: JSONObject in [["public_key": other], [:], ["public_key": "?"], ["public_keys": [1, [:]]]] {
            #expect(try refusal(Self.room(version, invitation: invitation), invite) == .invalidThirdPartyInvite(.signatureInvalid))
        }
    }

    @Test("5.4.1.1 to 5.4.1.6", arguments: RoomVersion.supported)
    func otherChecks(version: RoomVersion) throws {
        let key = try Self.key(1)
        var room = try Self.room(version, invitation: ["public_key": .string(key.verifyKey.base64)])
        let valid: JSONValue = ["signed": .object(try Self.signed(by: key))]
        func with(_ signed: JSONObject) throws -> JSONValue { ["signed": .object(try Self.signed(signed, by: key))] }

        #expect(try refusal(room, [:]) == .invalidThirdPartyInvite(.notSigned))
        #expect(try refusal(room, 1) == .invalidThirdPartyInvite(.notSigned))
        #expect(try refusal(room, with(["mxid": .string(Self.target)])) == .invalidThirdPartyInvite(.incomplete))
        #expect(try refusal(room, with(["token": "token"])) == .invalidThirdPartyInvite(.incomplete))
        #expect(try refusal(room, with(["mxid": "@x:y", "token": "token"])) == .invalidThirdPartyInvite(.forAnotherUser))
        #expect(try refusal(room, with(["mxid": .string(Self.target), "token": "other"])) == .invalidThirdPartyInvite(.unknownToken))
        try room.setMembership("@somebody:example.org", .join)
        #expect(try refusal(room, valid, sender: "@somebody:example.org") == .invalidThirdPartyInvite(.fromAnotherSender))
        try room.setMembership(Self.target, .ban)
        #expect(try refusal(room, valid) == .banned(Self.target))
    }

    /// Such an invite may come through another server than the sender's.
    @Test func requiredSigners() throws {
        let room = try TestRoom(version: .v11)
        let invite: JSONObject = ["membership": "invite", "third_party_invite": [:]]
        let third = try room.event("m.room.member", Self.target, invite, sender: Self.inviter)
        #expect(EventSigning.requiredSigners(third, version: .v11) == [])
        let usual = try room.event("m.room.member", Self.target, ["membership": "invite"], sender: Self.inviter)
        #expect(EventSigning.requiredSigners(usual, version: .v11).map(\.string) == ["example.org"])

        // In versions 1 and 2 the server that chose the ID signs, whoever the sender is.
        let older = try TestRoom(version: .v1)
        var object = try older.event("m.room.member", Self.target, invite, sender: Self.inviter).json
        object["event_id"] = "$x:other.org"
        #expect(EventSigning.requiredSigners(try Event(object, version: .v1), version: .v1).map(\.string) == ["other.org"])
        object["content"] = ["membership": "invite"]
        let signers = EventSigning.requiredSigners(try Event(object, version: .v1), version: .v1).map(\.string)
        #expect(signers == ["example.org", "other.org"])
    }
}
