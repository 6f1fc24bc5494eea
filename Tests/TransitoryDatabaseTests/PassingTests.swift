import MatrixProtocol
import Store
import Testing
import TransitoryDatabase

/// Who is typing and who is online, as it was told last.
@Suite struct PassingTests {
    private static let alice = UserID(trusted: "@alice:example.org")
    private static let bob = UserID(trusted: "@bob:example.org")
    private static let room = Scope(.room, [0, 0, 0, 0, 0, 0, 0, 1])

    /// How many entries the log has, once all that was done can be seen.
    private func logCount(of test: TestStreams) async throws -> Int {
        try await test.database.database.commit { _ in }
        return try #require(try test.database.snapshot().changes(after: .zero, limit: 1000)).count
    }

    @Test func typingIsToldWhenItChanges() async throws {
        try await TestStreams.session { test in
            #expect(try test.database.snapshot().typingUsers(in: Self.room).isEmpty)
            for (users, count) in [([], 0), ([Self.alice], 1), ([Self.alice], 1), ([Self.alice, Self.bob], 2)] as [([UserID], Int)] {
                try await test.database.tellTyping(in: [Self.room]) { _ in users }
                #expect(try await logCount(of: test) == count)
                #expect(try test.database.snapshot().typingUsers(in: Self.room) == users)
            }
            #expect(try test.database.roomsWithTyping() == [Self.room])
            try await test.database.tellTyping(in: [Self.room]) { _ in [] }
            #expect(try await logCount(of: test) == 3)
            #expect(try test.database.roomsWithTyping() == [])
        }
    }

    @Test func presenceIsToldWhenItChanges() async throws {
        try await TestStreams.session { test in
            let online = UserPresence(state: .online, statusMessage: "here", lastActive: 1, isCurrentlyActive: true)
            var later = online
            later.lastActive = 2
            var idle = later
            (idle.state, idle.isCurrentlyActive, idle.statusMessage) = (.unavailable, false, nil)
            let steps: [(UserPresence, UserPresence?, Int)] = [
                (.offline, nil, 0), (online, online, 1), (later, online, 1), (idle, idle, 2), (.offline, .offline, 3),
            ]
            for (presence, told, count) in steps {
                try await test.database.tellPresence(of: [Self.alice], .synced) { _, _ in presence }
                #expect(try await logCount(of: test) == count)
                #expect(try test.database.snapshot().presence(of: Self.alice) == told)
                let isPresent = told.map { $0.state != .offline } ?? false
                #expect(try test.database.snapshot().presentUsers() == (isPresent ? [Self.alice] : []))
            }
            #expect(try test.database.snapshot().presence(of: Self.bob) == nil)
        }
    }

    @Test func whoeverTellsSeesWhatWasToldBefore() async throws {
        try await TestStreams.session { test in
            for number in 1...3 {
                try await test.database.tellPresence(of: [Self.alice], .synced) { _, known in
                    #expect(known.statusMessage == (number == 1 ? nil : "\(number - 1)"))
                    return UserPresence(state: .online, statusMessage: "\(number)")
                }
            }
        }
    }
}
