import MatrixProtocol
import Store
import StoreTestSupport
import StoredIdentifiers
import TestSupport
import Testing

@testable import RoomsDatabase

/// The indexes of memberships and the counts agree with a model, whatever becomes of whom.
@Suite struct MembershipPropertyTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func agreesWithAModel(seed: UInt64) async throws {
        try await TestRooms.session { rooms in
            var work = MembershipWork(seed: seed)
            for _ in 0..<15 {
                work = try await rooms.commit { [work] commit in
                    var work = work
                    for _ in 0..<60 { try work.change(commit) }
                    return work
                }
                try work.expectAgreement(rooms.view)
            }
        }
    }
}

/// Random changes of membership, without events.
private struct MembershipWork: Sendable {
    private struct Place: Hashable {
        var user: UserID
        var room: ShortRoomID
    }

    /// What is known of a user in a room.
    private struct Standing {
        var membership: Membership
        var since: Position
        var joinedUntil = Position(0)
        var isForgotten = false
    }

    private static let users = (0..<8).map { UserID(trusted: "@user\($0):\($0 % 3 == 0 ? "example.org" : "server\($0 % 3).example")") }
    private static let rooms = (1...5 as ClosedRange<UInt64>).map { ShortRoomID(number: $0) }

    private var random: SplitMix64
    private var standings: [Place: Standing] = [:]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    mutating func change(_ commit: RoomsCommit) throws {
        let place = Place(
            user: Self.users[Int.random(in: 0..<Self.users.count, using: &random)],
            room: Self.rooms[Int.random(in: 0..<Self.rooms.count, using: &random)])
        if UInt8.random(in: 0..<10, using: &random) == 0 {
            try commit.forget(place.room, by: place.user)
            if let membership = standings[place]?.membership, membership == .leave || membership == .ban {
                standings[place]?.isForgotten = true
            }
            return
        }
        let memberships: [Membership] = [.join, .join, .invite, .knock, .leave, .ban]
        let membership = memberships[Int.random(in: 0..<memberships.count, using: &random)]
        let position = commit.commit.stamp(kind: RoomsChange.event.rawValue, scope: place.room.scope) { _ in [] }
        try commit.setMembership(of: place.user, in: place.room, to: membership, at: position)

        let before = standings[place]
        if before?.membership == .join, membership == .join { return }
        var after = Standing(membership: membership, since: position)
        if before?.membership == .join {
            after.joinedUntil = position
        } else if let before {
            after.joinedUntil = before.isForgotten ? Position(0) : before.joinedUntil
        }
        after.isForgotten = before?.isForgotten == true && (membership == .leave || membership == .ban)
        if membership == .join { after.joinedUntil = Position(0) }
        standings[place] = after
    }

    func expectAgreement(_ view: RoomsView) throws {
        for user in Self.users {
            func rooms(_ memberships: Membership...) -> [ShortRoomID] {
                Self.rooms.filter { room in standings[Place(user: user, room: room)].map { memberships.contains($0.membership) } ?? false }
            }
            #expect(try view.joinedRooms(of: user).map(\.room) == rooms(.join))
            #expect(try view.invitedRooms(of: user).map(\.room) == rooms(.invite))
            #expect(try view.knockedRooms(of: user).map(\.room) == rooms(.knock))
            #expect(try view.leftRooms(of: user).map(\.room) == rooms(.leave, .ban))
        }
        for room in Self.rooms {
            func users(_ memberships: Membership...) -> [UserID] {
                Self.users.filter { user in standings[Place(user: user, room: room)].map { memberships.contains($0.membership) } ?? false }
            }
            #expect(try view.joinedMembers(of: room) == users(.join))
            #expect(try view.invitedMembers(of: room) == users(.invite))
            #expect(try view.leftMembers(of: room) == users(.leave, .ban))
            for server in Set(Self.users.map(\.serverName)) {
                #expect(try view.joinedMembers(of: room, on: server) == users(.join).filter { $0.isOn(server) })
            }
            #expect(try view.joinedMembers(of: room, limit: 2) == Array(users(.join).prefix(2)))
            let counts = try view.memberCounts(of: room)
            #expect(counts.joined == users(.join).count && counts.invited == users(.invite).count)

            var servers = try view.reader.domain(RoomsMaps.roomServers, .tuples(room))
            let counted = try servers.collect().reduce(into: [ServerName: Int]()) { $0[$1.key.parts.1] = Int($1.value) }
            #expect(counted == Dictionary(grouping: users(.join), by: \.serverName).mapValues(\.count))
            for server in Set(Self.users.map(\.serverName)) {
                #expect(try view.reader.contains(RoomsMaps.serverRooms, TupleKey(server, room)) == (counted[server] != nil))
            }
            for user in Self.users { try expectStanding(of: user, in: room, view) }
        }
    }

    private func expectStanding(of user: UserID, in room: ShortRoomID, _ view: RoomsView) throws {
        let found = try view.standing(of: user, in: room)
        let expected = standings[Place(user: user, room: room)]
        switch (found, expected?.membership) {
        case (.stranger, nil): return
        case (.joined(let since), .join): #expect(since == expected?.since)
        case (.invited(let stripped), .invite), (.knocked(let stripped), .knock):
            #expect(stripped.position == expected?.since && stripped.joinedUntil == expected?.joinedUntil)
        case (.left(let left), .leave), (.left(let left), .ban):
            #expect(left.position == expected?.since && left.joinedUntil == expected?.joinedUntil)
            #expect(left.isForgotten == expected?.isForgotten)
        default: Issue.record("\(user) in \(room): \(found), expected \(String(describing: expected))")
        }
        #expect(try view.isJoined(user, to: room) == (expected?.membership == .join))
    }
}
