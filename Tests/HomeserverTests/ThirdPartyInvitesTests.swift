import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Synchronization
import Testing

/// An identity server, as far as invites need one.
final class IdentityServerDouble: OutgoingHTTP {
    static let name = ServerName(trusted: "identity.example:8090")

    private struct State {
        var users: [String: String] = [:]
        var requests: [OutgoingRequest] = []
        var answers: [String: OutgoingAnswer] = [:]
        var failure: OutgoingHTTPError?
        var isKeyValid = true
    }

    private let state = Mutex(State())
    let key: SigningKey

    init() throws {
        key = try #require(SigningKey(seed: [UInt8](repeating: 7, count: SigningKey.seedSizeBytes), version: "0"))
    }

    /// Who has bound the addresses, by what stands for them in a lookup.
    func bind(_ lookup: String, to user: UserID) { state.withLock { $0.users[lookup] = user.string } }

    /// Answers an endpoint otherwise than it should.
    func answer(_ endpoint: String, _ status: Int, _ body: JSONObject) {
        state.withLock { $0.answers[endpoint] = OutgoingAnswer(status: status, body: body.encoded()) }
    }

    func fail(_ failure: OutgoingHTTPError?) { state.withLock { $0.failure = failure } }

    func revokeKey() { state.withLock { $0.isKeyValid = false } }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }

    func answer(to request: OutgoingRequest) async throws -> OutgoingAnswer {
        let body = try request.body.flatMap { try $0.json().objectValue } ?? [:]
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.requests.append(request)
            let endpoint = String(request.url.split(separator: "/").last ?? "")
            if let answer = state.answers[endpoint] { return answer }
            let answer: JSONObject =
                switch endpoint {
                case "hash_details": ["lookup_pepper": "matrixrocks", "algorithms": ["none", "sha256"]]
                case "lookup":
                    [
                        "mappings": .object(
                            (body["addresses"]?.strings ?? []).reduce(into: [:]) { mappings, address in
                                mappings[address] = state.users[address].map { .string($0) }
                            })
                    ]
                case "store-invite":
                    [
                        "token": "sometoken", "display_name": "f...@b...",
                        "public_keys": [
                            ["public_key": "AAAA", "key_validity_url": "https://identity.example/other"],
                            [
                                "public_key": .string(key.verifyKey.base64),
                                "key_validity_url": "https://identity.example:8090/_matrix/identity/v2/pubkey/ephemeral/isvalid",
                            ],
                        ],
                    ]
                default: ["valid": .bool(state.isKeyValid)]
                }
            return OutgoingAnswer(status: 200, body: answer.encoded())
        }
    }

    /// What the server gives to a user who has bound the address.
    func signed(for user: UserID, sender: UserID, token: String = "sometoken") throws -> ThirdPartySigned {
        let object: JSONObject = ["mxid": .string(user.string), "sender": .string(sender.string), "token": .string(token)]
        return try ThirdPartySigned(try key.sign(object, as: ServerName(trusted: "identity.example")))
    }
}

/// "Third-party invites".
@Suite struct ThirdPartyInvitesTests {
    private let identity: IdentityServerDouble
    private let fixture: RoomsFixture
    /// `alice@example.com email matrixrocks`, hashed: the example of the Identity Service API.
    private static let hash = "4kenr7N9drpCJ4AfalmlGQVsOn3o2RHjkADUpXJWZUc"

    init() async throws {
        identity = try IdentityServerDouble()
        fixture = try await RoomsFixture(outgoingHTTP: identity)
    }

    private let invite = ThirdPartyInvite(
        address: ThirdPartyAddress(medium: "email", address: "alice@example.com"), identityServer: IdentityServerDouble.name,
        accessToken: "abc123")

    @Test func aBoundAddressIsAnInviteOfItsUser() async throws {
        identity.bind(Self.hash, to: fixture.bob.userID)
        let room = try await fixture.room(.privateChat)
        try await fixture.rooms.invite(invite, to: room, by: fixture.alice)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "invite")
        #expect(
            identity.requests.map(\.url) == [
                "https://identity.example:8090/_matrix/identity/v2/hash_details",
                "https://identity.example:8090/_matrix/identity/v2/lookup",
            ])
        #expect(identity.requests.allSatisfy { $0.accessToken == "abc123" })
        let lookup = try #require(identity.requests.last?.body).json()
        #expect(lookup == ["algorithm": "sha256", "pepper": "matrixrocks", "addresses": [.string(Self.hash)]])
        // A user who blocks invites blocks these, too.
        let other = try await fixture.room(.privateChat)
        _ = try await fixture.accounts.setAccountData(
            of: fixture.bob.userID, in: nil, type: "m.invite_permission_config",
            to: JSONObject(dictionaryLiteral: ("default_action", "block")).encoded())
        await expect(.inviteBlocked, 403) { try await fixture.rooms.invite(invite, to: other, by: fixture.alice) }
    }

    @Test func aServerWithoutHashesIsAskedForTheAddress() async throws {
        identity.answer("hash_details", 200, ["lookup_pepper": "x", "algorithms": ["none"]])
        identity.bind("alice@example.com email", to: fixture.bob.userID)
        let room = try await fixture.room(.privateChat)
        try await fixture.rooms.invite(invite, to: room, by: fixture.alice)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "invite")
    }

    @Test func anInviteWaitsForWhoBindsTheAddress() async throws {
        let room = try await fixture.room(.privateChat) {
            $0.name = "Bob's Emporium"
            $0.creationContent = ["type": "m.space"]
        }
        try await fixture.profiles.set("displayname", to: "Alice", of: fixture.alice.userID, by: fixture.alice)
        try await fixture.rooms.invite(invite, to: room, by: fixture.alice)
        let stored = try #require(identity.requests.last?.body).json()
        #expect(
            stored == [
                "medium": "email", "address": "alice@example.com", "room_id": .string(room.string), "sender": "@alice:example.org",
                "room_name": "Bob's Emporium", "room_join_rules": "invite", "room_type": "m.space", "sender_display_name": "Alice",
            ])
        let content = try fixture.content("m.room.third_party_invite", "sometoken", of: room, for: fixture.alice)
        #expect(content?["display_name"] == "f...@b...")
        #expect(content?["public_key"] == "AAAA")
        #expect(content?["key_validity_url"] == "https://identity.example/other")
        #expect(content?["public_keys"]?.arrayValue?.count == 2)

        // Who has bound the address joins by the proof of it.
        await expect(.forbidden, 403) { try await fixture.rooms.join(room, content: [:], by: fixture.bob) }
        let signed = try identity.signed(for: fixture.bob.userID, sender: fixture.alice.userID)
        try await fixture.rooms.join(room, content: [:], thirdPartySigned: signed, by: fixture.bob)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "join")
        #expect(identity.requests.last?.url.contains("/pubkey/ephemeral/isvalid?public_key=") == true)
        let members = try fixture.page(
            of: room, MessagesRequest(isBackward: true, limit: 2, filter: EventFilter(["types": ["m.room.member"]])), for: fixture.alice
        ).answer["chunk"]?.arrayValue
        #expect(members?.map { $0["content", "membership"] } == ["join", "invite"])
        #expect(members?.last?["sender"]?.stringValue == fixture.alice.userID.string)
        #expect(members?.last?["content", "third_party_invite", "signed", "token"] == "sometoken")
        #expect(members?.last?["content", "third_party_invite", "display_name"] == "f...@b...")
    }

    @Test func onlyTheRightProofLetsIn() async throws {
        let room = try await fixture.room(.privateChat)
        try await fixture.rooms.invite(invite, to: room, by: fixture.alice)
        let (alice, bob, carol) = (fixture.alice.userID, fixture.bob.userID, fixture.carol.userID)
        func isRefused(_ signed: ThirdPartySigned, _ code: MatrixError.Code = .forbidden, _ status: Int = 403) async {
            await expect(code, status) {
                try await fixture.rooms.join(room, content: [:], thirdPartySigned: signed, by: fixture.bob)
            }
        }
        await isRefused(try identity.signed(for: carol, sender: alice))
        await isRefused(try identity.signed(for: bob, sender: alice, token: "othertoken"))
        await isRefused(try identity.signed(for: bob, sender: carol))
        let unsigned: JSONObject = [
            "mxid": .string(bob.string), "sender": .string(alice.string), "token": "sometoken",
            "signatures": ["identity.example": ["ed25519:0": "AAAA"]],
        ]
        await isRefused(try ThirdPartySigned(unsigned))
        identity.fail(.failed("down"))
        await isRefused(try identity.signed(for: bob, sender: alice), .unknown, 502)
        identity.fail(nil)
        identity.revokeKey()
        await isRefused(try identity.signed(for: bob, sender: alice))
        #expect(try fixture.membership(of: fixture.bob, in: room) == nil)
        #expect(throws: MatrixError.self) { try ThirdPartySigned(["mxid": .string(bob.string)]) }
    }

    @Test func whoMayNotInviteAsksNobody() async throws {
        let room = try await fixture.room(with: fixture.bob) { $0.powerLevelOverride = ["invite": 50] }
        await expect(.forbidden, 403) { try await fixture.rooms.invite(invite, to: room, by: fixture.bob) }
        await expect(.forbidden, 403) { try await fixture.rooms.invite(invite, to: room, by: fixture.carol) }
        await expect(.forbidden, 403) {
            try await fixture.rooms.invite(invite, to: RoomID(trusted: "!none:example.org"), by: fixture.alice)
        }
        #expect(identity.requests.isEmpty)
    }

    @Test func whatGoesWrongThereIsTold() async throws {
        let room = try await fixture.room(.privateChat)
        func fails(_ code: MatrixError.Code, _ status: Int) async {
            await expect(code, status) { try await fixture.rooms.invite(invite, to: room, by: fixture.alice) }
        }
        identity.fail(.notAllowed)
        await fails(.serverNotTrusted, 400)
        identity.fail(.failed("no route"))
        await fails(.unknown, 502)
        identity.fail(nil)
        for (endpoint, body) in [
            ("store-invite", ["token": "not a token!", "display_name": "x", "public_keys": [["public_key": "AAAA"]]]),
            ("store-invite", ["token": "x", "display_name": "x", "public_keys": []]), ("store-invite", [:]), ("lookup", [:]),
            ("hash_details", ["lookup_pepper": "x", "algorithms": ["md5"]]), ("hash_details", [:]),
        ] as [(String, JSONObject)] {
            identity.answer(endpoint, 200, body)
            await fails(.unknown, 502)
        }
        identity.answer("hash_details", 500, ["errcode": "M_UNKNOWN"])
        await fails(.unknown, 502)
        identity.answer("hash_details", 403, ["errcode": "M_TERMS_NOT_SIGNED"])
        await fails(.termsNotSigned, 403)
        #expect(try fixture.content("m.room.third_party_invite", "sometoken", of: room, for: fixture.alice) == nil)
    }

    @Test func aNewRoomInvitesByAddresses() async throws {
        let room = try await fixture.room(.privateChat) { $0.thirdPartyInvites = [invite] }
        #expect(try fixture.content("m.room.third_party_invite", "sometoken", of: room, for: fixture.alice) != nil)
    }
}
