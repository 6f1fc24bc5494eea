import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// Tells clients what has happened since they last asked ("Syncing").
package final class Sync: Sendable {
    private let rooms: RoomsDatabase
    private let accounts: AccountsDatabase
    private let transitory: TransitoryDatabase
    private let presence: Presence
    private let notifier: Notifier
    private let environment: Environment
    private let unreadCounts: UnreadCounts
    private let lazyMembers = LazyMembers()

    package init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, transitory: TransitoryDatabase, presence: Presence, unreadCounts: UnreadCounts,
        notifier: Notifier, environment: Environment
    ) {
        self.rooms = rooms
        self.accounts = accounts
        self.transitory = transitory
        self.presence = presence
        self.notifier = notifier
        self.environment = environment
        self.unreadCounts = unreadCounts
    }

    /// Answers `GET /sync`: at once when there is something to tell, else when something happens or the time is up.
    ///
    /// - Returns: the endpoint's answer.
    package func sync(_ request: SyncRequest, for requester: Requester) async throws -> [UInt8] {
        try await presence.whileSyncing(requester, as: request.presence) { try await answer(request, for: requester) }
    }

    private func answer(_ request: SyncRequest, for requester: Requester) async throws -> [UInt8] {
        let inbox = try accounts.inbox(of: requester)
        if let since = request.since { await transitory.acknowledge(upTo: since.transitory.position, in: inbox) }
        // An initial sync begins anew, whatever the client was told before.
        let isLazy = request.filter.state.lazyLoadsMembers
        let knownMembers = isLazy || request.since == nil ? lazyMembers.known(to: requester, since: request.since) : [:]
        @Sendable func attempt() async throws -> SyncAnswer {
            var capture = capture(request, inbox, for: requester)
            if isLazy { capture.toldMembers = ToldMembers(known: knownMembers) }
            let answer = try await SyncAnswer(to: capture, presence)
            if let told = capture.toldMembers?.told { lazyMembers.note(told, toldTo: requester, upTo: answer.next) }
            await unreadCounts.writeDown()
            return answer
        }
        guard request.since != nil, !request.isFullState else {
            // It reads every room of the user.
            return try await withTaskExecutorPreference(environment.executors.long) { try await attempt().bytes }
        }
        return try await LongPoll(notifier: notifier, clock: environment.clock).answer(
            waitingFor: [.user(requester.userID)] + (inbox.map { [$0.scope] } ?? []), atMost: request.timeoutMilliseconds
        ) {
            let answer = try await attempt()
            return (answer.bytes, answer.tellsSomething)
        }
    }

    /// Whose devices a client has to look at anew, and whose it can forget, since a token (`GET /keys/changes`).
    ///
    /// - Returns: `changed` and `left`.
    package func deviceListChanges(since token: SyncToken, for requester: Requester) throws -> JSONObject {
        let capture = capture(SyncRequest(since: token), nil, for: requester)
        let since = min(token.accounts.position, capture.accounts.position)
        let log = try SyncBuilder.log(of: capture.accounts, since: since)
        let builder = try SyncBuilder(capture, AccountDataDelta())
        let roomsSince = min(token.rooms.position, capture.rooms.position)
        return try DeviceListDelta(of: builder.changedRooms(), since: roomsSince, since, log, builder.view, capture).json
    }

    /// The moment of which an answer tells.
    private func capture(_ request: SyncRequest, _ inbox: DeviceInbox?, for requester: Requester) -> SyncCapture {
        // In this order whoever sees an encrypted event also sees the key that was sent before it.
        let roomsState = rooms.snapshot()
        let accountsState = accounts.snapshot()
        return SyncCapture(
            request: request, requester: requester, rooms: roomsState, accounts: accountsState, transitory: transitory.snapshot(),
            inbox: inbox, unreadCounts: unreadCounts, now: environment.clock.now())
    }
}
