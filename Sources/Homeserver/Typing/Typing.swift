import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// Who is typing in which room ("Typing Notifications").
///
/// Until when somebody types is known in memory only; who types, as it was told last, stands in the room's stream. So a client that says again that
/// its user is typing makes nobody read, and after a restart nobody types who doesn't say so again.
package final class Typing: Sendable {
    private let rooms: RoomsDatabase
    private let transitory: TransitoryDatabase
    private let presence: Presence
    private let clock: any Clock
    private let typing = CurrentTyping()
    private let alarm: Alarm
    private let limit: RateLimit<UserID>?

    /// How long somebody types when the client doesn't say, and at most, in milliseconds, as in Synapse.
    static let timeoutDefaultMilliseconds: Int64 = 30_000
    static let timeoutMaxMilliseconds: Int64 = 120_000

    /// - Parameter rate: how often a user begins or stops; nil sets no limit.
    init(
        rooms: RoomsDatabase, transitory: TransitoryDatabase, presence: Presence, environment: Environment, rate: RateLimits.Rate? = nil
    ) {
        limit = rate.map { RateLimit($0, clock: environment.clock) }
        self.rooms = rooms
        self.transitory = transitory
        self.presence = presence
        clock = environment.clock
        let alarm = Alarm(environment: environment) { [typing, clock] in try await Self.tellDue(typing, clock, in: transitory) }
        self.alarm = alarm
        rooms.onLeave { [typing, weak alarm] user, room in
            guard typing.stop(user, in: room.scope) else { return }
            typing.noteUntold([room.scope])
            alarm?.set(for: .min)
        }
    }

    /// Notes that a user types, or has stopped (`PUT /rooms/{roomId}/typing/{userId}`).
    ///
    /// - Parameter timeoutMilliseconds: for how long, if nothing else is heard; nil for as long as is usual.
    /// - Throws: `M_FORBIDDEN` for another user, or when the user is not in the room; `M_LIMIT_EXCEEDED`.
    package func set(
        _ isTyping: Bool, of user: UserID, in roomID: RoomID, timeoutMilliseconds: Int64? = nil, by requester: Requester
    ) async throws {
        try Accounts.check(requester, is: user, "You can't type for another user")
        guard let room = try rooms.room(roomID)?.shortID, try rooms.view().isJoined(user, to: room) else { throw Rooms.notInRoom }
        try limit?.use(by: user)
        await presence.noteActivity(of: requester)
        guard isTyping else {
            if typing.stop(user, in: room.scope) { try await Self.tell([room.scope], typing, in: transitory) }
            return
        }
        let timeout = min(max(0, timeoutMilliseconds ?? Self.timeoutDefaultMilliseconds), Self.timeoutMaxMilliseconds)
        let end = clock.now() + timeout
        let hasBegun = typing.begin(user, in: room.scope, until: end)
        alarm.set(for: end)
        if hasBegun { try await Self.tell([room.scope], typing, in: transitory) }
    }

    /// Tells where somebody has stopped because the time is up, and what else is still to be told.
    ///
    /// - Returns: when to look again; nil when nobody is typing.
    private static func tellDue(_ typing: CurrentTyping, _ clock: any Clock, in transitory: TransitoryDatabase) async throws -> Int64? {
        let rooms = typing.takeUntold(at: clock.now())
        if !rooms.isEmpty { try await tell(rooms, typing, in: transitory) }
        return typing.nextEnd
    }

    /// Of so many rooms is told in one commit.
    private static let roomsPerCommit = 100

    private static func tell(_ rooms: [Scope], _ typing: CurrentTyping, in transitory: TransitoryDatabase) async throws {
        var rest = rooms[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(roomsPerCommit))
            do {
                try await transitory.tellTyping(in: some) { typing.users(in: $0) }
            } catch {
                typing.noteUntold(Array(rest))
                throw error
            }
            rest = rest.dropFirst(some.count)
        }
    }

    /// Tells that nobody is typing any more who was when the server stopped, and from now on who stops.
    func begin() throws {
        typing.noteUntold(try transitory.roomsWithTyping())
        alarm.set(for: .min)
    }

    /// Ends what goes on by itself. The database is to be closed after it.
    func end() async {
        await alarm.end()
    }
}
