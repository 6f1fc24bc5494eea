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
