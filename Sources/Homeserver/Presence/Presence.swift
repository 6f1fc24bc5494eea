import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// Who is online ("Presence").
///
/// What each device does is known in memory only; what others see, as it was told last, is the user's stream. So a client that syncs again and
/// again makes nobody read, and after a restart those go offline who don't come back.
package final class Presence: Sendable {
    private let rooms: RoomsDatabase
    private let transitory: TransitoryDatabase
    private let clock: any Clock
    private let devices = DevicePresences()
    private let alarm: Alarm
    private let limit: RateLimit<UserID>?
    /// Whether users have a presence at all.
    let isEnabled: Bool

    /// The longest status message, in bytes.
    package static let statusMessageMaxBytes = 1024
    /// It is looked no more often than so for whose time is up, in milliseconds.
    private static let timeoutStepMilliseconds: Int64 = 1000

    /// - Parameter rate: how often a user sets it by hand; nil sets no limit.
    init(
        rooms: RoomsDatabase, transitory: TransitoryDatabase, environment: Environment, isEnabled: Bool, rate: RateLimits.Rate? = nil
    ) {
        limit = rate.map { RateLimit($0, clock: environment.clock) }
        self.rooms = rooms
        self.transitory = transitory
        self.isEnabled = isEnabled
        clock = environment.clock
        alarm = Alarm(environment: environment) { [devices, clock] in
            let now = clock.now()
            try await Self.tell(devices.untold(at: now), devices, clock, in: transitory)
            devices.forgetGone(at: now)
            return devices.nextChange(after: now).map { max($0, now + Self.timeoutStepMilliseconds) }
        }
    }

    // MARK: - Setting

    /// Sets a user's presence by hand (`PUT /presence/{userId}/status`). The other devices of the user keep theirs.
    ///
    /// - Parameter statusMessage: what the user says of it; nil takes back what was said.
    /// - Throws: `M_FORBIDDEN` for another user, `M_TOO_LARGE`, `M_LIMIT_EXCEEDED`; `M_USER_SUSPENDED` for who is suspended and says something.
    package func set(
        _ state: UserPresence.State, statusMessage: String?, of user: UserID, by requester: Requester
    ) async throws {
        try Accounts.check(requester, is: user, "You can set your own presence only")
        if statusMessage != nil { try requester.checkNotSuspended() }
        guard statusMessage?.utf8.count ?? 0 <= Self.statusMessageMaxBytes else {
            throw MatrixError(.tooLarge, "A status message has at most \(Self.statusMessageMaxBytes) bytes")
        }
        guard isEnabled else { return }
        try limit?.use(by: user)
        devices.set(state, of: requester, at: clock.now())
        setAlarm(for: user)
        try await Self.tell([user], devices, clock, in: transitory, .synced, statusMessage: .some(statusMessage))
    }

    /// Notes that a user has just done something, such as sending an event.
    package func noteActivity(of requester: Requester) async {
        guard isEnabled else { return }
        devices.noteActivity(of: requester, at: clock.now())
        await tellChange(of: requester.userID, .relaxed)
    }

    /// Has the user be there while a sync goes on, and for a while after it.
    ///
    /// - Parameter state: what the sync makes of the user's device; `offline` nothing.
    func whileSyncing<Answer>(_ requester: Requester, as state: UserPresence.State, _ body: () async throws -> Answer) async rethrows
        -> Answer
    {
        guard isEnabled, state != .offline else { return try await body() }
        devices.beginSync(of: requester, as: state, at: clock.now())
        // The answer is to tell of it already, so that the next one needn't.
        await tellChange(of: requester.userID, .synced)
        defer {
            devices.endSync(of: requester, at: clock.now())
            setAlarm(for: requester.userID)
        }
        return try await body()
    }

    private func setAlarm(for user: UserID) {
        if let moment = devices.nextChange(of: user, after: clock.now()) { alarm.set(for: moment) }
    }

    /// Tells of a user's presence if it has changed. What can't be told now is told when the alarm comes.
    private func tellChange(of user: UserID, _ durability: Durability) async {
        setAlarm(for: user)
        guard devices.isUntold(user, at: clock.now()) else { return }
        try? await Self.tell([user], devices, clock, in: transitory, durability)
    }

    /// So many users are told of in one commit.
    private static let usersPerCommit = 100

    /// - Parameter statusMessage: what the users say; nil leaves it as it is.
    private static func tell(
        _ users: [UserID], _ devices: DevicePresences, _ clock: any Clock, in transitory: TransitoryDatabase,
        _ durability: Durability = .relaxed, statusMessage: String?? = nil
    ) async throws {
        for start in stride(from: 0, to: users.count, by: usersPerCommit) {
            let some = Array(users[start..<min(start + usersPerCommit, users.count)])
            do {
                try await transitory.tellPresence(of: some, durability) { user, known in
                    var presence = devices.tell(user, at: clock.now()) ?? UserPresence(state: .offline, lastActive: known.lastActive)
                    presence.statusMessage = statusMessage ?? known.statusMessage
                    return presence
                }
            } catch {
                devices.noteUntold(some)
                throw error
            }
        }
    }

    /// Takes away what a user has said whose account is closed: the part of `Accounts.deactivationIntent` in the transitory database.
    package static func deactivating(in transitory: TransitoryDatabase) -> IntentKind.Part {
        IntentKind.Part(in: transitory.database) { payload, commit in
            try transitory.forgetPresence(of: Deactivation(encoded: payload).user, in: commit)
        }
    }

    // MARK: - Reading

    /// Everybody who is not offline.
    var presentUsers: [UserID] { devices.presentUsers(at: clock.now()) }

    /// A user's presence (`GET /presence/{userId}/status`).
    ///
    /// - Throws: `M_FORBIDDEN` for a user with whom the requester shares no room.
    package func status(of user: UserID, for requester: Requester) throws -> JSONObject {
        guard try user == requester.userID || rooms.view().doShareRoom(user, requester.userID) else {
            throw MatrixError(.forbidden, "You are not allowed to see their presence")
        }
        let known = isEnabled ? try transitory.snapshot().presence(of: user) : nil
        return content(of: user, known ?? .offline)
    }

    /// What a client is told of a user's presence: the content of `m.presence`.
    ///
    /// - Parameter told: what was told last.
    func content(of user: UserID, _ told: UserPresence) -> JSONObject {
        let now = clock.now()
        var presence = devices.presence(of: user, at: now) ?? told
        presence.statusMessage = told.statusMessage
        var content: JSONObject = ["presence": .string(presence.state.rawValue)]
        let lastActive = max(presence.lastActive, told.lastActive)
        if lastActive > 0 { content["last_active_ago"] = .integer(max(0, now - lastActive)) }
        if presence.state == .online { content["currently_active"] = .bool(presence.isCurrentlyActive) }
        content["status_msg"] = presence.statusMessage.map { .string($0) }
        return content
    }

    // MARK: - Beginning and end

    /// Lets those who were there when the server stopped come back in time, and from now on tells who goes.
    func begin() throws {
        guard isEnabled else { return }
        let snapshot = transitory.snapshot()
        for user in try snapshot.presentUsers() where user.isOn(rooms.serverName) {
            if let presence = try snapshot.presence(of: user) { devices.resume(user, presence, at: clock.now()) }
        }
        alarm.set(for: .min)
    }

    /// Ends what goes on by itself. The database is to be closed after it.
    func end() async {
        await alarm.end()
    }
}
