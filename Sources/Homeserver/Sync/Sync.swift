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
    private let notifier: Notifier
    private let environment: Environment

    package init(
        rooms: RoomsDatabase, accounts: AccountsDatabase, transitory: TransitoryDatabase, notifier: Notifier, environment: Environment
    ) {
        self.rooms = rooms
        self.accounts = accounts
        self.transitory = transitory
        self.notifier = notifier
        self.environment = environment
    }

    /// Answers `GET /sync`: at once when there is something to tell, else when something happens or the time is up.
    ///
    /// - Returns: the endpoint's answer.
    package func sync(_ request: SyncRequest, for requester: Requester) async throws -> [UInt8] {
        guard request.since != nil, !request.isFullState else {
            // It reads every room of the user.
            return try await withTaskExecutorPreference(environment.executors.long) {
                try await self.answer(request, for: requester).bytes
            }
        }
        return try await LongPoll(notifier: notifier, clock: environment.clock).answer(
            waitingFor: [.user(requester.userID)], atMost: request.timeoutMilliseconds
        ) {
            let answer = try await answer(request, for: requester)
            return (answer.bytes, answer.tellsSomething)
        }
    }

    /// Whose devices a client has to look at anew, and whose it can forget, since a token (`GET /keys/changes`).
    ///
    /// - Returns: `changed` and `left`.
    package func deviceListChanges(since token: SyncToken, for requester: Requester) throws -> JSONObject {
        let capture = capture(SyncRequest(since: token), for: requester)
        let since = min(token.accounts.position, capture.accounts.position)
        let log = try SyncBuilder.log(of: capture.accounts, since: since)
        let builder = try SyncBuilder(capture, AccountDataDelta())
        let roomsSince = min(token.rooms.position, capture.rooms.position)
        return try DeviceListDelta(of: builder.changedRooms(), since: roomsSince, since, log, builder.view, capture).json
    }

    private func answer(_ request: SyncRequest, for requester: Requester) async throws -> SyncAnswer {
        try await SyncAnswer(to: capture(request, for: requester))
    }

    /// The moment of which an answer tells.
    private func capture(_ request: SyncRequest, for requester: Requester) -> SyncCapture {
        // In this order whoever sees an encrypted event also sees the key that was sent before it.
        let roomsState = rooms.snapshot()
        let accountsState = accounts.snapshot()
        let transitoryState = transitory.snapshot()
        let next = SyncToken(rooms: roomsState.position, accounts: accountsState.position, transitory: transitoryState.position)
        return SyncCapture(
            request: request, requester: requester, rooms: roomsState, accounts: accountsState, next: next, now: environment.clock.now())
    }
}
