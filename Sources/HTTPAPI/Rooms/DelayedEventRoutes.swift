import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Events that are sent later (MSC4140).
struct DelayedEventRoutes: RouteGroup {
    let delayedEvents: DelayedEvents

    func add(to routes: inout RouteTable) {
        let base = "/_matrix/client/unstable/org.matrix.msc4140"
        routes.put("\(base)/rooms/{roomId}/delayed_event/{eventType}/{txnId}", access: .user, schedule)
        routes.get("\(base)/delayed_events", access: .user) { Answer(try delayedEvents.pending(of: $0.requester)) }
        routes.get("\(base)/delayed_events/{delayId}", access: .user) {
            Answer(try delayedEvents.event($0.parameter("delayId"), of: $0.requester))
        }
        // Who knows the ID may act, such as the server of a call.
        routes.post("\(base)/delayed_events/{delayId}", access: .open, actByBody)
        routes.post("\(base)/delayed_events/{delayId}/{action}", access: .open, actByPath)
    }

    private func schedule(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let type = request.parameter("eventType")
        let transaction = DelayedEventRequest.Transaction(.delayedEvent, type: type, id: request.parameter("txnId"))
        return try await Self.answer(to: request, transaction, in: room, delayedEvents) {
            let body = try await request.body()
            let delay = try body.required("delay", as: .value)
            guard let delay = delay.integerValue else { throw MatrixError(.invalidParameter, "delay must be an integer") }
            return DelayedEventRequest(
                room: room, type: type, stateKey: try body.optional("state_key", as: .string),
                content: try body.required("content", as: .object), delayMilliseconds: delay,
                stickiness: try request.query.stickiness())
        }
    }

    /// Schedules what a request asks for. One that repeats another isn't even read.
    static func answer(
        to request: ClientRequest, _ transaction: DelayedEventRequest.Transaction?, in room: RoomID, _ delayedEvents: DelayedEvents,
        reading read: () async throws -> DelayedEventRequest
    ) async throws -> Answer {
        let requester = try request.requester
        if let transaction, let id = try delayedEvents.scheduled(by: transaction, in: room, requester) { return answer(id) }
        return answer(try await delayedEvents.schedule(read(), transaction, by: requester))
    }

    private static func answer(_ delayID: String) -> Answer {
        Answer(["delay_id": .string(delayID)])
    }

    private func actByPath(_ request: ClientRequest) async throws -> Answer {
        guard let action = DelayedEventAction(rawValue: request.parameter("action")) else {
            throw MatrixError(.notFound, "A delayed event can be cancelled, restarted or sent")
        }
        return try await act(action, request)
    }

    /// The form of older clients.
    private func actByBody(_ request: ClientRequest) async throws -> Answer {
        let name = try await request.body().required("action", as: .value)
        guard let action = name.stringValue.flatMap(DelayedEventAction.init) else {
            throw MatrixError(.invalidParameter, "action must be cancel, restart or send")
        }
        return try await act(action, request)
    }

    private func act(_ action: DelayedEventAction, _ request: ClientRequest) async throws -> Answer {
        try await delayedEvents.act(action, on: request.parameter("delayId"), from: request.clientAddress)
        return .empty
    }
}
