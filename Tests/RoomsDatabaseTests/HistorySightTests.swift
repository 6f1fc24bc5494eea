import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import Testing

/// Who sees what of a room's history ("Room history visibility"): each visibility with each membership that the reader had at an event
/// and has now.
@Suite struct HistorySightTests {
    /// What happens to Bob in the room, in this order; after each step there is a message.
    enum Stage: String, CaseIterable {
        case before, invited, joined, left, again
    }

    /// What Bob sees: the messages, and his own membership events.
    struct Case: Sendable, CustomTestStringConvertible {
        var visibility: HistoryVisibility
        /// How far it has come.
        var now: Stage
        var messages: [Stage]
        var memberships: [Stage]

        var testDescription: String { "\(visibility), now \(now)" }
    }

    static let cases: [Case] = [
        Case(visibility: .joined, now: .before, messages: [], memberships: []),
        Case(visibility: .joined, now: .invited, messages: [], memberships: []),
        Case(visibility: .joined, now: .joined, messages: [.joined], memberships: [.joined]),
        Case(visibility: .joined, now: .left, messages: [.joined], memberships: [.joined, .left]),
        Case(visibility: .joined, now: .again, messages: [.joined, .again], memberships: [.joined, .left, .again]),

        Case(visibility: .invited, now: .before, messages: [], memberships: []),
        Case(visibility: .invited, now: .invited, messages: [.invited], memberships: [.invited]),
        Case(visibility: .invited, now: .joined, messages: [.invited, .joined], memberships: [.invited, .joined]),
        Case(visibility: .invited, now: .left, messages: [.invited, .joined], memberships: [.invited, .joined, .left]),
        Case(visibility: .invited, now: .again, messages: [.invited, .joined, .again], memberships: [.invited, .joined, .left, .again]),

        Case(visibility: .shared, now: .before, messages: [], memberships: []),
        Case(visibility: .shared, now: .invited, messages: [], memberships: []),
        Case(visibility: .shared, now: .joined, messages: [.before, .invited, .joined], memberships: [.invited, .joined]),
        Case(visibility: .shared, now: .left, messages: [.before, .invited, .joined], memberships: [.invited, .joined, .left]),
        Case(visibility: .shared, now: .again, messages: Stage.allCases, memberships: [.invited, .joined, .left, .again]),

        Case(visibility: .worldReadable, now: .before, messages: [.before], memberships: []),
        Case(visibility: .worldReadable, now: .invited, messages: [.before, .invited], memberships: [.invited]),
        Case(visibility: .worldReadable, now: .joined, messages: [.before, .invited, .joined], memberships: [.invited, .joined]),
        Case(
            visibility: .worldReadable, now: .left, messages: [.before, .invited, .joined, .left], memberships: [.invited, .joined, .left]),
        Case(visibility: .worldReadable, now: .again, messages: Stage.allCases, memberships: [.invited, .joined, .left, .again]),
    ]

    @Test(arguments: cases)
    func visibility(_ expected: Case) async throws {
        try await TestRooms.session { rooms in
            let (alice, bob) = (TestRooms.alice, TestRooms.bob)
            let room = try await rooms.makeRoom(
                .v12,
                [
                    (.joinRules, ["join_rule": "public"]),
                    (.historyVisibility, ["history_visibility": .string(expected.visibility.rawValue)]),
                ])
            var messages: [Stage: EventID] = [:]
            var memberships: [Stage: EventID] = [:]
            for stage in Stage.allCases {
                switch stage {
                case .before: break
                case .invited: memberships[stage] = try await rooms.setMembership(.invite, of: bob, in: room, by: alice)
                case .joined, .again: memberships[stage] = try await rooms.setMembership(.join, of: bob, in: room, by: bob)
                case .left: memberships[stage] = try await rooms.setMembership(.leave, of: bob, in: room, by: bob)
                }
                messages[stage] = try await rooms.say(stage.rawValue, in: room)
                if stage == expected.now { break }
            }
            #expect(try seen(messages, in: room, rooms.view) == expected.messages)
            #expect(try seen(memberships, in: room, rooms.view) == expected.memberships)
        }
    }

    /// Which of the events Bob sees now.
    private func seen(_ events: [Stage: EventID], in room: Room, _ view: RoomsView) throws -> [Stage] {
        try Stage.allCases.filter { stage in
            guard let event = events[stage] else { return false }
            return try canSee(event, in: room, view)
        }
    }

    private func canSee(_ id: EventID, in room: Room, by user: UserID = TestRooms.bob, _ view: RoomsView) throws -> Bool {
        var sight = try HistorySight(of: room.shortID, by: user, in: view)
        let (pduID, event) = try #require(try view.timelineEvent(id))
        return try sight.canSee(event, at: pduID)
    }

    /// A change of the visibility is seen by what it sets, and by what was before.
    @Test func changesOfTheVisibility() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(.v12, [(.joinRules, ["join_rule": "public"])])
            func set(_ visibility: HistoryVisibility) async throws -> EventID {
                try await rooms.set(.historyVisibility, ["history_visibility": .string(visibility.rawValue)], in: room)
            }
            let shared = try await rooms.say("shared by default", in: room)
            let closing = try await set(.joined)
            let hidden = try await rooms.say("hidden", in: room)
            let opening = try await set(.worldReadable)
            let open = try await rooms.say("open", in: room)
            let closingAgain = try await set(.joined)
            let hiddenAgain = try await rooms.say("hidden again", in: room)

            func seen() throws -> [Bool] {
                try [shared, closing, hidden, opening, open, closingAgain, hiddenAgain].map { try canSee($0, in: room, rooms.view) }
            }
            #expect(try seen() == [false, false, false, true, true, true, false])
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            #expect(try seen() == [true, true, false, true, true, true, false])
        }
    }

    /// What is not a known visibility counts as shared.
    @Test func unknownVisibilities() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(
                .v12, [(.joinRules, ["join_rule": "public"]), (.historyVisibility, ["history_visibility": "unknown"])])
            let message = try await rooms.say("hello", in: room)
            #expect(try !canSee(message, in: room, rooms.view))
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            #expect(try canSee(message, in: room, rooms.view))
        }
    }

    /// Who turns an invite down, whose invite is taken back or whose knock is refused learns of it, whatever the visibility.
    @Test(arguments: [HistoryVisibility.joined, .invited, .shared], [Membership.leave, .ban])
    func theEndOfAnInviteOrAKnock(_ visibility: HistoryVisibility, _ end: Membership) async throws {
        try await TestRooms.session { rooms in
            let (alice, bob) = (TestRooms.alice, TestRooms.bob)
            let room = try await rooms.makeRoom(
                .v12,
                [
                    (.joinRules, ["join_rule": "knock"]), (.historyVisibility, ["history_visibility": .string(visibility.rawValue)]),
                ])
            for beginning in [Membership.invite, .knock] {
                try await rooms.setMembership(beginning, of: bob, in: room, by: beginning == .invite ? alice : bob)
                let message = try await rooms.say("not for Bob", in: room)
                let ending = try await rooms.setMembership(end, of: bob, in: room, by: alice)
                #expect(try canSee(ending, in: room, rooms.view))
                #expect(try canSee(message, in: room, rooms.view) == (visibility == .invited && beginning == .invite))
                // What becomes of one who has nothing to do with the room any more is not for them to see.
                let after = try await rooms.setMembership(end == .ban ? .leave : .ban, of: bob, in: room, by: alice)
                #expect(try !canSee(after, in: room, rooms.view))
                if end == .leave { try await rooms.setMembership(.leave, of: bob, in: room, by: alice) }
            }
        }
    }

    /// A reader who may see everything by the visibility alone is not asked for, and a visibility is read once.
    @Test func whatDoesNotDecideIsNotRead() async throws {
        try await TestRooms.session { rooms in
            let bob = TestRooms.bob
            let room = try await rooms.makeRoom(
                .v12, [(.joinRules, ["join_rule": "public"]), (.historyVisibility, ["history_visibility": "shared"])])
            var ids: [EventID] = []
            for number in 0..<20 {
                ids.append(try await rooms.set(.topic, ["topic": "\(number)"], in: room))
                ids.append(try await rooms.say("\(number)", in: room))
                if number == 10 { ids.append(try await rooms.setMembership(.join, of: bob, in: room, by: bob)) }
            }
            let events = try ids.map { try #require(try rooms.view.timelineEvent($0)) }
            let reader = CountingReader(rooms.database.snapshot())
            var sight = try HistorySight(of: room.shortID, by: bob, in: RoomsView(reader))
            for (pduID, event) in events { #expect(try sight.canSee(event, at: pduID)) }
            #expect(reader.count(of: RoomsMaps.pduIDToEvent.map) == 1)

            // Where memberships decide, each is read once too.
            try await rooms.set(.historyVisibility, ["history_visibility": "joined"], in: room)
            var later: [(EventID, Bool)] = []
            for number in 0..<20 {
                later.append((try await rooms.set(.topic, ["topic": "joined \(number)"], in: room), number < 10))
                if number == 9 { try await rooms.setMembership(.leave, of: bob, in: room, by: bob) }
            }
            let joined = try later.map { (try #require(try rooms.view.timelineEvent($0.0)), $0.1) }
            let another = CountingReader(rooms.database.snapshot())
            sight = try HistorySight(of: room.shortID, by: bob, in: RoomsView(another))
            for ((pduID, event), isSeen) in joined { #expect(try sight.canSee(event, at: pduID) == isSeen) }
            #expect(another.count(of: RoomsMaps.pduIDToEvent.map) == 3)
        }
    }

    @Test func whoWasBannedSeesNothingNew() async throws {
        try await TestRooms.session { rooms in
            let (alice, bob) = (TestRooms.alice, TestRooms.bob)
            let room = try await rooms.makeRoom(.v12, [(.joinRules, ["join_rule": "public"])])
            try await rooms.setMembership(.join, of: bob, in: room, by: bob)
            let before = try await rooms.say("before", in: room)
            try await rooms.setMembership(.leave, of: bob, in: room, by: bob)
            let between = try await rooms.say("between", in: room)
            try await rooms.setMembership(.ban, of: bob, in: room, by: alice)
            let after = try await rooms.say("after", in: room)
            #expect(try [before, between, after].map { try canSee($0, in: room, rooms.view) } == [true, false, false])
        }
    }
}
