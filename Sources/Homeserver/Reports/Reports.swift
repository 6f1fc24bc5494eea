import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What users find inappropriate, kept for the administrators ("Reporting Content").
package final class Reports: Sendable {
    private let rooms: Rooms
    /// Nil where users report as often as they like.
    private let limit: RateLimit<UserID>?

    /// The longest reason, in code points, as in Synapse.
    package static let reasonMaxCodePoints = 1000
    /// What a score can be.
    package static let scores: ClosedRange<Int64> = -100...0
    /// So many reports at once, and then one each second, as in Synapse.
    package static let burst = 5

    /// - Parameter limitsRates: whether a user reports only so often.
    package init(rooms: Rooms, limitsRates: Bool = true) {
        self.rooms = rooms
        limit = !limitsRates ? nil : RateLimit(burst: Self.burst, perSecond: 1, clock: rooms.environment.clock)
    }

    /// Reports a room, whether one is in it or not (`POST /rooms/{roomId}/report`).
    ///
    /// - Throws: `M_NOT_FOUND` for an unknown room, `M_BAD_JSON` for too long a reason, `M_LIMIT_EXCEEDED`.
    package func report(room: RoomID, reason: String, by requester: Requester) async throws {
        try check(reason)
        guard try rooms.database.room(room) != nil else { throw Rooms.unknownRoom(room) }
        try await keep(by: requester) { Report(reporter: $0, receivedAt: $1, room: room, reason: reason) }
    }

    /// Reports an event in a room that one is in (`POST /rooms/{roomId}/report/{eventId}`).
    ///
    /// - Throws: `M_NOT_FOUND` for who isn't in the room, for an event that the user can't see and for one that was redacted; `M_BAD_JSON` for
    ///   too long a reason and for a score that is none, `M_LIMIT_EXCEEDED`.
    package func report(_ event: EventID, in room: RoomID, reason: String?, score: Int64?, by requester: Requester) async throws {
        if let reason { try check(reason) }
        if let score, !Self.scores.contains(score) { throw MatrixError(.badJSON, "score must be between -100 and 0") }
        let notFound = MatrixError(.notFound, "The event was not found, or you are not in the room")
        let found = try rooms.visibleEvent(event, in: room, for: requester)
        guard case .joined = found.sight.standing, found.event.redaction == .none else { throw notFound }
        let sender = try found.event.sender()
        try await keep(by: requester) {
            Report(reporter: $0, receivedAt: $1, room: room, event: event, user: sender, reason: reason, score: score)
        }
    }

    /// Reports a user (`POST /users/{userId}/report`). For users who are not here nothing is kept, and nobody is told so.
    ///
    /// - Throws: `M_BAD_JSON` for too long a reason, `M_LIMIT_EXCEEDED`.
    package func report(user: UserID, reason: String, by requester: Requester) async throws {
        try check(reason)
        guard try rooms.accounts.view().account(of: user) != nil else {
            try limit?.use(by: requester.userID)
            return
        }
        try await keep(by: requester) { Report(reporter: $0, receivedAt: $1, user: user, reason: reason) }
    }

    private func check(_ reason: String) throws(MatrixError) {
        guard reason.unicodeScalars.count <= Self.reasonMaxCodePoints else {
            throw MatrixError(.badJSON, "A reason has at most \(Self.reasonMaxCodePoints) characters")
        }
    }

    private func keep(by requester: Requester, _ report: (UserID, _ receivedAt: Int64) -> Report) async throws {
        try limit?.use(by: requester.userID)
        try await rooms.accounts.keep(report(requester.userID, rooms.environment.clock.now()))
    }
}
