import CanonicalJSON
import MatrixProtocol
import Store
import Testing

@testable import Homeserver

/// "Invite permission", and MSC4155.
@Suite struct InvitePermissionTests {
    private static let spammer = UserID(trusted: "@Spammer:bad.example:8448")

    @Test(arguments: [nil, [:], ["default_action": "allow"], ["default_action": 1]] as [JSONObject?])
    func nothingSaidAllows(_ content: JSONObject?) {
        #expect(InvitePermission(content, filter: nil).action(on: Self.spammer) == .allow)
    }

    @Test func blockingDecidesBeforeTheRules() {
        let filter: JSONObject = ["allowed_users": ["*"]]
        #expect(InvitePermission(["default_action": "block"], filter: filter).action(on: Self.spammer) == .block)
    }

    /// Rules and what they do.
    struct Rules: Sendable {
        let content: JSONObject
        let action: InvitePermission.Action

        init(_ content: JSONObject, _ action: InvitePermission.Action) {
            self.content = content
            self.action = action
        }

        static let all: [Rules] = [
            Rules(["blocked_users": ["@spammer:*"]], .block),
            Rules(["ignored_users": ["@spam?er:bad.example:8448"]], .ignore),
            Rules(["blocked_users": ["@spammer:bad.example"]], .allow),
            // Users come before servers, and within each what allows before what ignores before what blocks.
            Rules(["allowed_users": ["@s*"], "ignored_users": ["@s*"], "blocked_users": ["*"]], .allow),
            Rules(["ignored_users": ["@s*"], "blocked_users": ["*"]], .ignore),
            Rules(["blocked_users": ["@spammer*"], "allowed_servers": ["*"]], .block),
            Rules(["allowed_servers": ["BAD.example:*"], "blocked_servers": ["*"]], .allow),
            Rules(["ignored_servers": ["bad.example:8448"], "blocked_servers": ["*"]], .ignore),
            Rules(["blocked_servers": ["bad.example"]], .allow),
            Rules(["blocked_servers": ["*"]], .block),
            // What isn't of the expected type is skipped.
            Rules(["blocked_users": "*", "blocked_servers": .null], .allow),
            Rules(["blocked_users": [1, .null, "@spammer*"]], .block),
        ]
    }

    @Test(arguments: Rules.all) func theFirstRuleThatFitsDecides(_ rules: Rules) {
        #expect(InvitePermission(nil, filter: rules.content).action(on: Self.spammer) == rules.action)
    }

    @Test func longEntriesAreSkipped() {
        let long = "@spammer*" + String(repeating: "*", count: 246)
        #expect(InvitePermission(nil, filter: ["blocked_users": [.string(long)]]).action(on: Self.spammer) == .block)
        #expect(InvitePermission(nil, filter: ["blocked_users": [.string(long + "*")]]).action(on: Self.spammer) == .allow)
    }
}

/// Account data by which somebody doesn't want invites.
struct UnwantedInvites: Sendable {
    let type: String
    let content: JSONObject

    static let filter = "org.matrix.msc4155.invite_permission_config"

    static let blocked = UnwantedInvites(type: "m.invite_permission_config", content: ["default_action": "block"])

    static let blocking: [UnwantedInvites] = [
        blocked, UnwantedInvites(type: filter, content: ["blocked_users": ["@alice:*"]]),
        UnwantedInvites(type: filter, content: ["blocked_servers": ["example.org"]]),
    ]
    static let hiding: [UnwantedInvites] = [
        blocked, UnwantedInvites(type: "m.ignored_user_list", content: ["ignored_users": ["@alice:example.org": [:]]]),
    ]
    /// The last one is judged when the invite is made.
    static let notHiding: [UnwantedInvites] = [
        UnwantedInvites(type: "m.ignored_user_list", content: ["ignored_users": ["@carol:example.org": [:]]]),
        UnwantedInvites(type: filter, content: ["blocked_users": ["*"]]),
    ]
}

/// What becomes of invites that somebody doesn't want.
@Suite struct UnwantedInvitesTests {
    private func set(_ type: String, _ content: JSONObject, of user: Requester, _ fixture: RoomsFixture) async throws {
        _ = try await fixture.accounts.setAccountData(of: user.userID, in: nil, type: type, to: content.encoded())
    }

    @Test(arguments: UnwantedInvites.blocking) func blockedInvitesAreRefused(_ unwanted: UnwantedInvites) async throws {
        let fixture = try await RoomsFixture()
        try await set(unwanted.type, unwanted.content, of: fixture.bob, fixture)
        let room = try await fixture.room(.privateChat)
        await expect(.inviteBlocked, 403) { try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice) }
        await expect(.inviteBlocked, 403) {
            try await fixture.set("m.room.member", fixture.bob.userID.string, ["membership": "invite"], in: room, by: fixture.alice)
        }
        await expect(.inviteBlocked, 403) { try await fixture.room(setting: { $0.invite = [fixture.bob.userID] }) }
        await expect(.inviteBlocked, 403) {
            try await fixture.room { $0.initialState = [(.member(fixture.bob.userID), ["membership": "invite"])] }
        }
        #expect(try fixture.membership(of: fixture.bob, in: room) == nil)
        // Who may not invite learns nothing of the other one.
        await expect(.forbidden, 403) { try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.carol) }
        // The user joins as ever.
        let open = try await fixture.room()
        try await fixture.rooms.join(open, content: [:], by: fixture.bob)
        try await set(unwanted.type, [:], of: fixture.bob, fixture)
        try await fixture.rooms.invite(fixture.bob.userID, to: room, reason: nil, by: fixture.alice)
        #expect(try fixture.membership(of: fixture.bob, in: room) == "invite")
    }

    @Test func ignoredInvitesAreMadeAndNotShown() async throws {
        try await SyncServer.run { server in
            let rooms = server.homeserver.rooms
            try await server.set(UnwantedInvites.filter, ["ignored_users": ["@alice:example.org"]], of: server.bob)
            let start = try await server.sync().next
            let room = try await server.room(.privateChat)
            try await rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            #expect(try await server.sync(since: start).answer["rooms", "invite"] == nil)
            #expect(try await server.sync().answer["rooms", "invite"] == nil)
            // It is judged anew whenever somebody asks.
            try await server.set(UnwantedInvites.filter, [:], of: server.bob)
            #expect(try await server.sync().answer["rooms", "invite", room.string] != nil)
            try await server.set(UnwantedInvites.filter, ["ignored_users": ["*"]], of: server.bob)
            try await rooms.join(room, content: [:], by: server.bob)
            #expect(try await server.sync().answer["rooms", "join", room.string] != nil)
        }
    }

    @Test(arguments: UnwantedInvites.hiding) func invitesFromBeforeAreHidden(_ unwanted: UnwantedInvites) async throws {
        try await expectInvite(isShown: false, with: unwanted)
    }

    @Test(arguments: UnwantedInvites.notHiding) func otherInvitesFromBeforeAreShown(_ unwanted: UnwantedInvites) async throws {
        try await expectInvite(isShown: true, with: unwanted)
    }

    private func expectInvite(isShown: Bool, with unwanted: UnwantedInvites) async throws {
        try await SyncServer.run { server in
            let room = try await server.room(.privateChat)
            let start = try await server.sync().next
            try await server.homeserver.rooms.invite(server.bob.userID, to: room, reason: nil, by: server.alice)
            try await server.set(unwanted.type, unwanted.content, of: server.bob)
            for since in [nil, start] {
                let answer = try await server.sync(since: since).answer
                #expect((answer["rooms", "invite", room.string] != nil) == isShown)
            }
        }
    }
}
