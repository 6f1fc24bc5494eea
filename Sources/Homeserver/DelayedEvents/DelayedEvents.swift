import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Events that are sent later unless somebody takes them back (MSC4140): how a call learns that somebody's device has gone.
///
/// - What is to be sent is durable from the answer on, and what became due while the server didn't run is sent at its start.
/// - Sending and what follows from it are one commit, so each is sent once; in the order of their times.
/// - Whether the sender may is asked when it is sent, not before.
package final class DelayedEvents: Sendable {
    private let rooms: Rooms
    private let delayMaxMilliseconds: Int64
    private let alarm: Alarm
    /// The actions, by the addresses from which they come: who acts needs no account.
    private let actions: RateLimit<String>

    /// The most events that a user has yet to have sent.
    package static let perUserMax = 100
    /// How many actions can come at once from one address, which may be the server of many calls, and how many a second in the long run.
    package static let actionsAtOnceMax = 500
    private static let actionsPerSecond = 100.0
    /// The length of an event's name, which nobody must guess.
    static let idLength = 24
    /// So many events are sent in one commit, if they fit into it.
    private static let batchSize = 8

    /// - Parameter delayMaxMilliseconds: the longest delay that somebody can ask for.
    init(rooms: Rooms, delayMaxMilliseconds: Int64) {
        self.rooms = rooms
        self.delayMaxMilliseconds = delayMaxMilliseconds
        actions = RateLimit(burst: Self.actionsAtOnceMax, perSecond: Self.actionsPerSecond, clock: rooms.environment.clock)
        let alarm = Alarm(environment: rooms.environment) { try await Self.sendDue(rooms) }
        self.alarm = alarm
        rooms.database.database.onReopening { [weak alarm] in alarm?.set(for: .min) }
    }

    /// Sends what has become due, and from now on what becomes due.
    func begin() {
        alarm.set(for: .min)
    }

    /// Ends when the sending has ended that is under way. The database is to be closed after it.
    func end() async {
        await alarm.end()
    }

    // MARK: - Scheduling

    /// The name of the event that the same request has asked for before, whatever it said then.
    package func scheduled(by transaction: DelayedEventRequest.Transaction, in room: RoomID, _ requester: Requester) throws -> String? {
        try rooms.database.view().delayID(rooms.transaction(transaction, in: rooms.room(room), by: requester))
    }

    /// Keeps an event to be sent later.
    ///
    /// - Returns: the name by which it can be cancelled, restarted or sent.
    /// - Throws: `M_INVALID_PARAM` for a delay that is not positive, `ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED`, `M_LIMIT_EXCEEDED` when the user has
    ///   too many, `M_FORBIDDEN` for a room that isn't here, `M_BAD_JSON`, `M_TOO_LARGE`, `M_MISSING_PARAM`, `M_GUEST_ACCESS_FORBIDDEN`.
    package func schedule(
        _ request: DelayedEventRequest, _ transaction: DelayedEventRequest.Transaction?, by requester: Requester
    ) async throws -> String {
        try requester.checkNotSuspended()
        try check(request, by: requester)
        let room = try rooms.room(request.room)
        let transaction = transaction.map { rooms.transaction($0, in: room, by: requester) }
        let id = rooms.environment.random.alphanumeric(Self.idLength)
        let content = request.content.encoded()
        return try await rooms.commit { [alarm] commit in
            if let transaction, let scheduled = try commit.view.delayID(transaction) { return scheduled }
            let now = commit.time
            let pending = try commit.view.delayedEvents(of: requester.userID)
            if pending.count >= Self.perUserMax, let first = pending.first {
                throw MatrixError(
                    .limitExceeded, "You have \(Self.perUserMax) delayed events already",
                    extra: ["retry_after_ms": .integer(max(0, first.due - now))])
            }
            let event = DelayedEvent(
                id: id, user: requester.userID, device: requester.deviceID ?? "", transaction: transaction?.name, room: request.room,
                type: request.type, stateKey: request.stateKey, content: content, delayMilliseconds: request.delayMilliseconds,
                runningSince: now)
            commit.schedule(event, stickiness: request.stickiness)
            commit.onPublication { alarm.set(for: event.due) }
            return id
        }
    }

    private func check(_ request: DelayedEventRequest, by requester: Requester) throws {
        guard !requester.isGuest else { throw MatrixError(.guestAccessForbidden, "Delayed events are not for guests") }
        guard request.delayMilliseconds > 0 else {
            throw MatrixError(.invalidParameter, "The delay must be a positive number of milliseconds")
        }
        guard request.delayMilliseconds <= delayMaxMilliseconds else {
            throw MatrixError(
                .maxDelayExceeded, "The delay can be \(delayMaxMilliseconds) milliseconds at most",
                extra: ["org.matrix.msc4140.max_delay": .integer(delayMaxMilliseconds)])
        }
        for text in [request.type, request.stateKey ?? ""] where text.utf8.count > EventLimits.fieldMaxBytes {
            throw MatrixError(.tooLarge, "A type or state key has \(EventLimits.fieldMaxBytes) bytes at most")
        }
        try rooms.countSticky(request.stickiness, in: request.room, by: requester)
        guard request.content.encoded().count <= EventLimits.sizeMaxBytes else {
            throw MatrixError(.tooLarge, "An event has \(EventLimits.sizeMaxBytes) bytes at most")
        }
        if request.stateKey == nil {
            _ = try rooms.messageTemplate(request.type, request.content, in: request.room, by: requester.userID)
        } else {
            try EventContentRules.check(request.content)
        }
    }

    // MARK: - Listing

    /// The events that the user has yet to have sent, as the endpoint's answer.
    package func pending(of requester: Requester) throws -> JSONObject {
        let events = try rooms.database.view().delayedEvents(of: requester.userID)
        return ["delayed_events": .array(try events.map { .object(try $0.json()) })]
    }

    /// One of the user's events, also when it is over.
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func event(_ id: String, of requester: Requester) throws -> JSONObject {
        guard let (_, event) = try rooms.database.view().delayedEvent(id), event.user == requester.userID else { throw Self.unknown }
        return try event.json()
    }

    // MARK: - Acting

    private static let unknown = MatrixError(.notFound, "There is no such delayed event")

    /// Does what somebody wants who knows the event's name. What has happened already is as good as done.
    ///
    /// - Parameter address: from where that comes, if it is known.
    /// - Throws: `M_NOT_FOUND` for an unknown event, `M_UNKNOWN` with status 409 when something else has become of it, `M_LIMIT_EXCEEDED`; for `send`
    ///   why it can't be sent, and then it is still to be sent at its time.
    package func act(_ action: DelayedEventAction, on id: String, from address: String?) async throws {
        if let address { try actions.use(by: address) }
        try await rooms.commit { [rooms, alarm] commit in
            guard let (number, event) = try commit.view.delayedEvent(id) else { throw Self.unknown }
            if let outcome = event.outcome {
                guard action.leads(to: outcome) else {
                    throw MatrixError(.unknown, "The delayed event is over: it was \(outcome.description)", status: 409)
                }
                return
            }
            switch action {
            case .cancel: try commit.finish(event, number, .cancelled)
            case .send: try commit.finish(event, number, .sent(try Self.send(event, number, commit, rooms)))
            case .restart:
                let due = commit.restart(event, number)
                commit.onPublication { alarm.set(for: due) }
            }
        }
    }

    // MARK: - Sending

    /// Why events can't be sent: the errors' bodies, by the events' numbers.
    private typealias Refusals = [DelayedEventNumber: [UInt8]]

    /// Ends a commit, and with it all that it has done, since one of its events can't be sent.
    private struct Refused: Error {
        let number: DelayedEventNumber
        let error: MatrixError
    }

    /// Sends what is due, and forgets what has been over for long.
    ///
    /// - Returns: when there is something to do next.
    private static func sendDue(_ rooms: Rooms) async throws -> Int64? {
        var atOnce = batchSize
        var refusals: Refusals = [:]
        while true {
            do {
                let (next, now) = try await rooms.database.commit { [atOnce, refusals] commit in
                    try sendDue(atOnce, refusals, commit, rooms)
                }
                refusals = [:]
                guard let next, next <= now else { return next }
            } catch let refused as Refused {
                refusals[refused.number] = refused.error.body.encoded()
            } catch StoreError.commitTooLarge {
                if atOnce == 1, let (number, _) = try rooms.database.view().firstDelayedEvent() {
                    refusals[number] = MatrixError.commitTooLarge.body.encoded()
                }
                atOnce = 1
            }
        }
    }

    private static func sendDue(
        _ count: Int, _ refusals: Refusals, _ commit: RoomsCommit, _ rooms: Rooms
    ) throws -> (next: Int64?, now: Int64) {
        let now = commit.time
        for _ in 0..<count {
            guard let (number, event) = try commit.view.firstDelayedEvent(), event.moment <= now else { break }
            if event.outcome != nil {
                commit.forget(event, number)
            } else if let refusal = refusals[number] {
                try commit.finish(event, number, .failed(refusal))
            } else {
                do {
                    try commit.finish(event, number, .sent(send(event, number, commit, rooms)))
                } catch {
                    throw MatrixError(refusal: error).map { Refused(number: number, error: $0) } ?? error
                }
            }
        }
        return (try commit.view.firstDelayedEvent()?.event.moment, now)
    }

    private static func send(
        _ event: DelayedEvent, _ number: DelayedEventNumber, _ commit: RoomsCommit, _ rooms: Rooms
    ) throws -> EventID {
        guard let room = try commit.view.room(event.room) else { throw Rooms.notInRoom }
        try rooms.checkMayAct(event.user)
        let content = try JSONValue(parsing: event.content).objectValue ?? [:]
        let stickiness = try commit.view.stickiness(of: number)
        if let stateKey = event.stateKey {
            let key = StateKey(event.type, stateKey)
            let blocking = try rooms.blockingInvitee(of: key, content, from: event.user)
            return try rooms.setState(
                key, content, stickiness, in: room, by: event.user, isGuest: false, blocking: blocking, commit
            ).id
        }
        var template = try rooms.messageTemplate(event.type, content, in: event.room, by: event.user)
        template.stickiness = stickiness
        return try rooms.send(template, in: room, commit, by: nil).id
    }
}

extension DelayedEventAction {
    /// Whether the outcome is what the action is for.
    fileprivate func leads(to outcome: DelayedEvent.Outcome) -> Bool {
        switch (self, outcome) {
        case (.send, .sent), (.cancel, .cancelled), (.cancel, .failed): true
        default: false
        }
    }
}

extension DelayedEvent.Outcome {
    fileprivate var description: String {
        switch self {
        case .sent: "sent"
        case .failed: "refused"
        case .cancelled: "cancelled"
        }
    }
}

extension DelayedEvent {
    /// The event as its sender sees it.
    fileprivate func json() throws -> JSONObject {
        var json: JSONObject = [
            "delay_id": .string(id), "room_id": .string(room.string), "type": .string(type), "delay": .integer(delayMilliseconds),
            "running_since": .integer(runningSince),
        ]
        if let stateKey { json["state_key"] = .string(stateKey) }
        switch outcome {
        case nil: json["content"] = try JSONValue(parsing: content)
        case .sent(let event): json["event_id"] = .string(event.string)
        case .failed(let error): json["error"] = try JSONValue(parsing: error)
        case .cancelled: break
        }
        if let finishedAt { json["origin_server_ts"] = .integer(finishedAt) }
        return json
    }
}

extension Rooms {
    fileprivate func transaction(
        _ transaction: DelayedEventRequest.Transaction, in room: Room, by requester: Requester
    ) -> Transaction {
        self.transaction(transaction.id, transaction.endpoint.rawValue, transaction.type, in: room, by: requester)
    }
}
