import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers
import Testing

@testable import Homeserver

/// "Client Config": account data, global and in rooms.
@Suite struct AccountsDataTests {
    private let room = RoomID(trusted: "!room:example.org")

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func thereIsOnlySoMuchOfIt() async throws {
        let fixture = try AccountsFixture()
        let alice = try await fixture.user("alice")
        let requester = try fixture.requester(alice)
        func set(_ type: String, _ size: Int) async throws {
            let content = JSONObject(dictionaryLiteral: ("a", .string(String(repeating: "x", count: size)))).encoded()
            try await fixture.accounts.setAccountData(of: alice.user, in: nil, type: type, to: content, for: requester)
        }
        let large = 500 << 10
        for number in 0..<20 { try await set("large.\(number)", large) }
        await expect(.tooLarge, 413) { try await set("large.20", large) }
        // What is there is changed, and small entries have room.
        try await set("large.0", large)
        try await set("small", 1)
        try await set("large.0", 1)
        try await set("large.20", large)
        try await fixture.database.database.commit { commit in
            for number in 0..<AccountsDatabase.accountDataEntriesMax {
                commit.putUncounted(AccountsMaps.accountDataPositions, TupleKey(alice.user, nil, "small.\(number)"), commit.position)
            }
        }
        await expect(.tooLarge, 413) { try await set("another", 1) }
        try await set("small", 2)
    }

    @Test func entriesAreKeptGloballyAndInRooms() async throws {
        let fixture = try AccountsFixture()
        let requester = try fixture.requester(try await fixture.user("alice"))
        let user = requester.userID
        func set(_ room: RoomID?, _ type: String, _ content: String) async throws {
            try await fixture.accounts.setAccountData(of: user, in: room, type: type, to: Array(content.utf8), for: requester)
        }
        func get(_ room: RoomID?, _ type: String) throws -> String? {
            text(try fixture.accounts.accountData(of: user, in: room, type: type, for: requester))
        }
        try await set(nil, "org.example.a", #"{"a":1}"#)
        try await set(nil, "org.example.b", #"{"b":1}"#)
        try await set(room, "org.example.a", #"{"a":2}"#)
        #expect(try get(nil, "org.example.a") == #"{"a":1}"#)
        #expect(try get(room, "org.example.a") == #"{"a":2}"#)
        await expect(.notFound, 404) { try get(room, "org.example.b") }

        let before = fixture.database.snapshot()
        try await set(nil, "org.example.a", #"{"a":3}"#)
        #expect(try get(nil, "org.example.a") == #"{"a":3}"#)
        let view = fixture.database.view()
        #expect(try view.accountData(of: user, in: nil).map(\.type) == ["org.example.b", "org.example.a"])
        #expect(try view.accountData(of: user, in: room).map { text($0.content) } == [#"{"a":2}"#])
        #expect(try view.accountData(of: user, in: RoomID(trusted: "!room:example.or")).isEmpty)
        #expect(text(try view.accountData(of: user, in: room, type: "org.example.a")) == #"{"a":2}"#)
        #expect(try view.accountData(of: user, after: Position(0)).map(\.type) == ["org.example.b", "org.example.a", "org.example.a"])
        #expect(try view.accountData(of: user, after: before.position).map { text($0.content) } == [#"{"a":3}"#])
        #expect(text(try AccountsView(before).accountData(of: user, in: nil, type: "org.example.a")) == #"{"a":1}"#)
    }

    @Test func changesAreInTheLog() async throws {
        let fixture = try AccountsFixture()
        let requester = try fixture.requester(try await fixture.user("alice"))
        let before = fixture.database.snapshot().position
        for room in [nil, room] {
            try await fixture.accounts.setAccountData(
                of: requester.userID, in: room, type: "org.example", to: Array("{}".utf8), for: requester)
        }
        let snapshot = fixture.database.snapshot()
        let changes = try #require(try snapshot.changes(after: before, limit: 10))
        #expect(changes.map(\.change.kind) == [AccountsChange.accountData.rawValue, AccountsChange.accountData.rawValue])
        #expect(changes.allSatisfy { $0.change.scope == .user(requester.userID) })
        let keys = try changes.map { try AccountsChange.accountDataKey(decoding: $0.change.key) }
        #expect(keys.map(\.room) == [nil, room])
        #expect(keys.map(\.type) == ["org.example", "org.example"])
        #expect(try snapshot.positions(of: [.user(requester.userID)]) == [snapshot.position])
    }

    @Test func otherUsersAndManagedTypesAreRefused() async throws {
        let fixture = try AccountsFixture()
        let requester = try fixture.requester(try await fixture.user("alice"))
        let bob = try await fixture.user("bob").user
        let content = Array("{}".utf8)
        func set(_ user: UserID, _ type: String, _ content: [UInt8]) async throws {
            for room in [room, nil] {
                try await fixture.accounts.setAccountData(of: user, in: room, type: type, to: content, for: requester)
            }
        }
        await expect(.forbidden, 403) { try await set(bob, "org.example", content) }
        await expect(.forbidden, 403) { try fixture.accounts.accountData(of: bob, in: nil, type: "org.example", for: requester) }
        for type in ["m.fully_read", "m.push_rules"] {
            await expect(.badJSON, 405) { try await set(requester.userID, type, content) }
        }
        await expect(.invalidParameter, 400) { try await set(requester.userID, String(repeating: "a", count: 256), content) }
        let large = [UInt8](repeating: UInt8(ascii: " "), count: AccountsLimits.accountDataSizeMaxBytes + 1)
        await expect(.tooLarge, 413) { try await set(requester.userID, "org.example", large) }
        try await set(requester.userID, "org.example", Array(large.dropLast()))
    }
}

/// "Filtering": keeping filters.
@Suite struct AccountsFilterTests {
    /// The specification's example.
    private static let example: JSONObject = [
        "room": [
            "state": ["types": ["m.room.*"], "not_rooms": ["!726s6s6q:example.com"]],
            "timeline": [
                "limit": 10, "types": ["m.room.message"], "not_rooms": ["!726s6s6q:example.com"], "not_senders": ["@spam:example.com"],
            ],
            "ephemeral": [
                "types": ["m.receipt", "m.typing"], "not_rooms": ["!726s6s6q:example.com"], "not_senders": ["@spam:example.com"],
            ],
        ],
        "presence": ["types": ["m.presence"], "not_senders": ["@alice:example.com"]],
        "event_format": "client",
        "event_fields": ["type", "content", "sender"],
    ]

    @Test func filtersAreKeptByContent() async throws {
        let fixture = try AccountsFixture()
        let requester = try fixture.requester(try await fixture.user("alice"))
        let user = requester.userID
        let id = try await fixture.accounts.createFilter(Self.example, of: user, for: requester)
        #expect(!id.hasPrefix("{"))
        #expect(try fixture.accounts.filter(id, of: user, for: requester) == Self.example.encoded())
        #expect(try await fixture.accounts.createFilter(Self.example, of: user, for: requester) == id)
        #expect(try await fixture.accounts.createFilter([:], of: user, for: requester) != id)
    }

    @Test func otherUsersAndBadFiltersAreRefused() async throws {
        let fixture = try AccountsFixture()
        let requester = try fixture.requester(try await fixture.user("alice"))
        let bob = try fixture.requester(try await fixture.user("bob"))
        let id = try await fixture.accounts.createFilter(Self.example, of: requester.userID, for: requester)
        await expect(.forbidden, 403) { try await fixture.accounts.createFilter([:], of: requester.userID, for: bob) }
        await expect(.forbidden, 403) { try fixture.accounts.filter(id, of: requester.userID, for: bob) }
        await expect(.notFound, 404) { try fixture.accounts.filter(id, of: bob.userID, for: bob) }
        await expect(.notFound, 404) { try fixture.accounts.filter("unknown", of: requester.userID, for: requester) }
        await expect(.badJSON, 400) { try await fixture.accounts.createFilter(["room": 1], of: bob.userID, for: bob) }
        let large: JSONObject = ["event_fields": [.string(String(repeating: "x", count: AccountsLimits.filterSizeMaxBytes))]]
        await expect(.tooLarge, 413) { try await fixture.accounts.createFilter(large, of: bob.userID, for: bob) }
    }

    @Test(
        arguments: [
            ["event_fields": "type"], ["event_fields": [1]], ["event_format": "other"], ["event_format": 1],
            ["presence": []], ["presence": ["types": "m.presence"]], ["presence": ["senders": ["alice"]]], ["account_data": 1],
            ["presence": ["limit": -1]], ["presence": ["limit": "10"]],
            ["room": "!room:example.org"], ["room": ["rooms": ["room"]]], ["room": ["not_rooms": [1]]], ["room": ["include_leave": 1]],
            ["room": ["timeline": []]], ["room": ["timeline": ["limit": 1.5]]], ["room": ["timeline": ["not_senders": ["spam"]]]],
            ["room": ["state": ["lazy_load_members": "true"]]], ["room": ["state": ["rooms": ["@alice:example.org"]]]],
            ["room": ["ephemeral": ["types": [["m.typing"]]]]], ["room": ["account_data": ["contains_url": 0]]],
        ] as [JSONObject])
    func whatIsNoFilterIsRefused(_ filter: JSONObject) async {
        await expect(.badJSON, 400) { try FilterShape.check(filter) }
    }

    @Test(arguments: [("types", "m.type"), ("not_types", "m.*"), ("senders", "@a:b.example"), ("rooms", "!a:b.example")])
    func listsHaveALimit(_ name: String, _ entry: String) async throws {
        func filter(_ count: Int) -> JSONObject {
            ["room": ["timeline": [name: .array(Array(repeating: .string(entry), count: count))]]]
        }
        try FilterShape.check(filter(FilterShape.listEntriesMax))
        await expect(.badJSON, 400) { try FilterShape.check(filter(FilterShape.listEntriesMax + 1)) }
    }
}
