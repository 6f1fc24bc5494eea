import AccountsDatabase
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// Tells clients what has happened in the rooms that they look at (simplified sliding sync, MSC4186).
///
/// What a client was told is noted in the transitory database, as far as it can't be seen from its position. docs/sliding-sync.md tells how.
package final class SlidingSync: Sendable {
    private let rooms: RoomsDatabase
    private let accounts: AccountsDatabase
    private let transitory: TransitoryDatabase
    private let presence: Presence
    private let unreadCounts: UnreadCounts
    private let notifier: Notifier
    private let environment: Environment
    private let facts = RoomFacts()
    private let expiry: Alarm

    /// A connection that has noted nothing for so long is noted anew, so that it doesn't expire, in milliseconds.
    private static let noteAfterMilliseconds: Int64 = 24 * 60 * 60 * 1000

    package init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, transitory: TransitoryDatabase, presence: Presence, unreadCounts: UnreadCounts,
        notifier: Notifier, environment: Environment
    ) {
        self.rooms = rooms
        self.accounts = accounts
        self.transitory = transitory
        self.presence = presence
        self.unreadCounts = unreadCounts
        self.notifier = notifier
        self.environment = environment
        expiry = Alarm(environment: environment) {
            try await transitory.forgetExpiredConnections(before: environment.clock.now() - SlidingConnection.lifetimeMilliseconds)
            return environment.clock.now() + Self.noteAfterMilliseconds
        }
    }

    /// Answers a request: at once when the client begins, or there is something to tell, else when something happens or the time is up.
    ///
    /// - Returns: the endpoint's answer.
    /// - Throws: `M_UNKNOWN_POS` when the client has to begin anew.
    package func sync(_ request: SlidingSyncRequest, for requester: Requester) async throws -> [UInt8] {
        try await presence.whileSyncing(requester, as: request.presence) { try await answer(request, for: requester) }
    }

    private func answer(_ request: SlidingSyncRequest, for requester: Requester) async throws -> [UInt8] {
        let inbox = try accounts.inbox(of: requester)
        let toDeviceSince = try Self.position(ofMessages: request.extensions.toDevice?.since)
        if let toDeviceSince { await transitory.acknowledge(upTo: toDeviceSince, in: inbox) }
        guard let text = request.position else {
            let answer = try await withTaskExecutorPreference(environment.executors.long) {
                try await SlidingSyncAnswer(
                    self.capture(request, nil, inbox, for: requester), nil, toDeviceSince: toDeviceSince, self.facts)
            }
            await unreadCounts.writeDown()
            return try await note(answer, version: 0, of: nil)
        }
        guard let position = SlidingSyncPosition(text) else { throw Self.unknownPosition }
        var seen = position.token
        let (answer, connection) = try await LongPoll(notifier: notifier, clock: environment.clock).answer(
            waitingFor: [.user(requester.userID)] + (inbox.map { [$0.scope] } ?? []), atMost: request.timeoutMilliseconds,
            // Who comes and goes is told of elsewhere.
            if: { try !hasOnlyPresence(since: seen) }
        ) {
            let capture = capture(request, position, inbox, for: requester)
            seen = capture.token
            let known = try knownConnection(capture)
            let answer = try await SlidingSyncAnswer(capture, known, toDeviceSince: toDeviceSince, facts)
            await unreadCounts.writeDown()
            return ((answer, known?.connection), answer.tellsSomething)
        }
        return try await note(answer, version: position.version, of: connection)
    }

    private static let unknownPosition = MatrixError(.unknownPosition, "This pos is not known any more: begin without one")

    /// Up to where a client has its messages.
    private static func position(ofMessages since: String?) throws(MatrixError) -> Position? {
        guard let since else { return nil }
        guard let token = PaginationToken(since) else {
            throw MatrixError(.invalidParameter, "extensions.to_device.since is not a token of this server")
        }
        return token.position
    }

    /// The moment of which an answer tells.
    private func capture(
        _ request: SlidingSyncRequest, _ position: SlidingSyncPosition?, _ inbox: DeviceInbox?, for requester: Requester
    ) -> SlidingSyncCapture {
        // In this order whoever sees an encrypted event also sees the key that was sent before it.
        let roomsState = rooms.snapshot()
        let accountsState = accounts.snapshot()
        return SlidingSyncCapture(
            request: request, position: position,
            sync: SyncCapture(
                request: SyncRequest(since: position?.token), requester: requester, rooms: roomsState, accounts: accountsState,
                transitory: transitory.snapshot(), inbox: inbox, unreadCounts: unreadCounts, now: environment.clock.now()),
            connectionKey: SlidingConnectionKey(requester.userID, requester.deviceID ?? "", request.connectionID))
    }

    /// What the client has been told, at its position; nil when nothing is noted of that.
    ///
    /// - Throws: `M_UNKNOWN_POS`.
    private func knownConnection(_ capture: SlidingSyncCapture) throws -> KnownConnection? {
        guard let position = capture.position,
            SyncToken.Part.allCases.allSatisfy({
                (Position.zero...capture.token.position(of: $0)).contains(position.token.position(of: $0))
            })
        else { throw Self.unknownPosition }
        if position.connection == .unnoted { return nil }
        guard
            let known = try KnownConnection(
                capture.connectionKey, position.connection, version: position.version, in: capture.sync.transitory),
            known.connection.deviceCreatedAt == capture.sync.inbox?.createdAt ?? 0,
            known.connection.usedAt + SlidingConnection.lifetimeMilliseconds > capture.sync.now
        else { throw Self.unknownPosition }
        return known
    }

    /// Whether nothing has happened since an earlier moment than that somebody has come or gone.
    private func hasOnlyPresence(since earlier: SyncToken) throws -> Bool {
        guard rooms.snapshot().position == earlier.rooms.position, accounts.snapshot().position == earlier.accounts.position else {
            return false
        }
        let log = try SyncBuilder.log(of: transitory.snapshot(), since: earlier.transitory.position)
        return log.map { $0.allSatisfy { $0.change.scope.kind == .presence } } ?? false
    }

    // MARK: - Beginning and end

    /// Forgets connections from now on that have expired.
    func begin() {
        expiry.set(for: .min)
    }

    /// Ends what goes on by itself. The database is to be closed after it.
    func end() async {
        await expiry.end()
    }

    // MARK: - What the client was told

    /// Notes what an answer has told, where that is more than that it goes up to its position.
    ///
    /// - Parameters:
    ///   - version: the version that was answered.
    ///   - connection: the client's connection; nil as long as nothing is noted of it.
    private func note(_ answer: SlidingSyncAnswer, version: UInt64, of connection: SlidingConnection?) async throws -> [UInt8] {
        let (id, version) = try await noted(answer, version: version, of: connection)
        return try answer.bytes(at: SlidingSyncPosition(connection: id, version: version, token: answer.capture.token))
    }

    /// The connection and the version in which what an answer has told is noted.
    private func noted(
        _ answer: SlidingSyncAnswer, version: UInt64, of connection: SlidingConnection?
    ) async throws -> (SlidingConnectionID, UInt64) {
        let (capture, sent) = (answer.capture, answer.sent)
        guard let connection else {
            // Of clients that are told of no room, several may have one name without knowing of each other: the parts of an app.
            if sent.rooms.isEmpty { return (.unnoted, version) }
            let connection = try await transitory.beginConnection(
                capture.connectionKey, deviceCreatedAt: capture.sync.inbox?.createdAt ?? 0, sent, requiredStates: answer.requiredStates)
            return (connection.id, SlidingConnection.firstVersion)
        }
        let mayExpire = connection.usedAt + Self.noteAfterMilliseconds < capture.sync.now
        if sent.rooms.isEmpty && !mayExpire { return (connection.id, version) }
        let noted = try await transitory.advanceConnection(
            capture.connectionKey, connection.id, from: version, sent, requiredStates: answer.requiredStates)
        guard let noted else { throw Self.unknownPosition }
        return (connection.id, noted)
    }
}
