import AccountsDatabase
import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Reporting Content".
@Suite struct ReportsTests {
    private let fixture: RoomsFixture
    private let reports: Reports

    init() async throws {
        fixture = try await RoomsFixture()
        reports = Reports(rooms: fixture.rooms)
    }

    /// All that was reported, the oldest first.
    private func kept() throws -> [Report] {
        try fixture.accounts.view().reports(limit: 100).map(\.report).reversed()
    }

    @Test func aRoomIsReportedByWhoIsNotInIt() async throws {
        let room = try await fixture.room(.privateChat)
        try await reports.report(room: room, reason: "this makes me sad", by: fixture.bob)
        try await reports.report(room: room, reason: "", by: fixture.alice)
        #expect(
            try kept() == [
                Report(
                    reporter: fixture.bob.userID, receivedAt: fixture.clock.now(), room: room, reason: "this makes me sad"),
                Report(reporter: fixture.alice.userID, receivedAt: fixture.clock.now(), room: room, reason: ""),
            ])
    }

    @Test func anUnknownRoomIsNotFound() async throws {
        await expect(.notFound, 404) {
            try await reports.report(room: RoomID(trusted: "!none:example.org"), reason: "x", by: fixture.bob)
        }
        #expect(try kept().isEmpty)
    }

    @Test func anEventIsReportedWithItsSender() async throws {
        let room = try await fixture.room(with: fixture.bob)
        let event = try await fixture.say("rude", in: room, by: fixture.alice)
        try await reports.report(event, in: room, reason: nil, score: -100, by: fixture.bob)
        #expect(
            try kept() == [
                Report(
                    reporter: fixture.bob.userID, receivedAt: fixture.clock.now(), room: room, event: event,
                    user: fixture.alice.userID, reason: nil, score: -100)
            ])
    }

    @Test func anEventThatOneCannotSeeIsNotFound() async throws {
        let room = try await fixture.room(with: fixture.bob)
        let other = try await fixture.room(with: fixture.bob)
        let event = try await fixture.say("rude", in: room, by: fixture.alice)
        func isNotFound(_ event: EventID, in room: RoomID, by user: Requester) async {
            await expect(.notFound, 404) { try await reports.report(event, in: room, reason: nil, score: nil, by: user) }
        }
        await isNotFound(event, in: room, by: fixture.carol)
        await isNotFound(event, in: other, by: fixture.bob)
        await isNotFound(EventID(trusted: "$none"), in: room, by: fixture.bob)
        await isNotFound(event, in: RoomID(trusted: "!none:example.org"), by: fixture.bob)
        // Who has left may read it still, and not report it.
        try await fixture.rooms.leave(room, reason: nil, by: fixture.bob)
        await isNotFound(event, in: room, by: fixture.bob)
        _ = try await fixture.rooms.redact(event, content: [:], in: room, transactionID: "1", by: fixture.alice)
        await isNotFound(event, in: room, by: fixture.alice)
        #expect(try kept().isEmpty)
    }

    @Test func aUserIsReported() async throws {
        let dave = UserID(trusted: "@dave:example.org")
        _ = try await fixture.accounts.createAccount(
            of: dave, passwordHash: "", flags: [], login: nil, ending: nil, beginning: { _ in IntentID(number: 1) })
        try await reports.report(user: dave, reason: "rude", by: fixture.bob)
        #expect(try kept().map(\.user) == [dave])
    }

    /// Nobody learns from it who is here.
    @Test func unknownUsersAreReportedForNothing() async throws {
        try await reports.report(user: UserID(trusted: "@nobody:example.org"), reason: "rude", by: fixture.bob)
        try await reports.report(user: UserID(trusted: "@dave:elsewhere.example"), reason: "rude", by: fixture.bob)
        #expect(try kept().isEmpty)
    }

    @Test func reasonsAndScoresHaveLimits() async throws {
        let room = try await fixture.room()
        let event = try await fixture.say("rude", in: room, by: fixture.alice)
        let long = String(repeating: "ü", count: Reports.reasonMaxCodePoints)
        try await reports.report(room: room, reason: long, by: fixture.alice)
        await expect(.badJSON, 400) { try await reports.report(room: room, reason: long + "ü", by: fixture.alice) }
        await expect(.badJSON, 400) { try await reports.report(user: fixture.bob.userID, reason: long + "ü", by: fixture.alice) }
        await expect(.badJSON, 400) { try await reports.report(event, in: room, reason: long + "ü", score: nil, by: fixture.alice) }
        for score: Int64 in [-101, 1] {
            await expect(.badJSON, 400) { try await reports.report(event, in: room, reason: nil, score: score, by: fixture.alice) }
        }
    }

    @Test func aUserReportsOnlySoOften() async throws {
        let room = try await fixture.room()
        for _ in 0..<Reports.burst { try await reports.report(room: room, reason: "x", by: fixture.alice) }
        await expect(.limitExceeded, 429) { try await reports.report(room: room, reason: "x", by: fixture.alice) }
        try await reports.report(room: room, reason: "x", by: fixture.bob)
        fixture.clock.advance(by: 1000)
        try await reports.report(room: room, reason: "x", by: fixture.alice)
        await expect(.limitExceeded, 429) { try await reports.report(room: room, reason: "x", by: fixture.alice) }
        // Reports that come to nothing count, too.
        for _ in 0..<Reports.burst { try await reports.report(user: UserID(trusted: "@x:example.org"), reason: "x", by: fixture.bob) }
        await expect(.limitExceeded, 429) {
            try await reports.report(user: UserID(trusted: "@x:example.org"), reason: "x", by: fixture.bob)
        }
    }

    @Test func theLimitCanBeTurnedOff() async throws {
        let unlimited = Reports(rooms: fixture.rooms, limitsRates: false)
        let room = try await fixture.room()
        for _ in 0..<2 * Reports.burst { try await unlimited.report(room: room, reason: "x", by: fixture.alice) }
        #expect(try kept().count == 2 * Reports.burst)
    }

    @Test func reportsAreReadFromTheNewestBack() async throws {
        let room = try await fixture.room()
        for reason in ["1", "2", "3"] { try await reports.report(room: room, reason: reason, by: fixture.alice) }
        let view = fixture.accounts.view()
        let newest = try view.reports(limit: 2)
        #expect(newest.map(\.report.reason) == ["3", "2"])
        #expect(try view.reports(before: newest.last?.id, limit: 2).map(\.report.reason) == ["1"])
    }
}
