import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Sending events to rooms ("Sending events to a room", "Redactions").
struct SendingRoutes: RouteGroup {
    let rooms: Rooms
    let delayedEvents: DelayedEvents
    let presence: Presence

    /// The query parameter by which an event is sent later (MSC4140).
    private static let delay = "org.matrix.msc4140.delay"

    func add(to routes: inout RouteTable) {
        routes.put("/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", access: .guest, send)
        routes.put("/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", access: .user, redact)
        routes.put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", access: .guest) { try await setState($0, stateKey: "") }
        routes.put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", access: .guest) {
            try await setState($0, stateKey: $0.parameter("stateKey"))
        }
    }

    private func send(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let (type, transactionID) = (request.parameter("eventType"), request.parameter("txnId"))
        if try request.query.string(Self.delay) != nil {
            return try await DelayedEventRoutes.answer(
                to: request, DelayedEventRequest.Transaction(.send, type: type, id: transactionID), in: room, delayedEvents
            ) { try await delayed(request, in: room, type: type, stateKey: nil) }
        }
        let content = try await request.body().object
        let requester = try request.requester
        let event = try await rooms.send(
            type, content, to: room, transactionID: transactionID, stickiness: request.query.stickiness(), by: requester)
        await presence.noteActivity(of: requester)
        return Self.answer(event)
    }

    private func delayed(_ request: ClientRequest, in room: RoomID, type: String, stateKey: String?) async throws -> DelayedEventRequest {
        DelayedEventRequest(
            room: room, type: type, stateKey: stateKey, content: try await request.body().object,
            delayMilliseconds: try request.query.integer(Self.delay) ?? 0, stickiness: try request.query.stickiness())
    }

    private func redact(_ request: ClientRequest) async throws -> Answer {
        let (room, event) = (try request.roomID("roomId"), try request.eventID("eventId"))
        let body = try await request.body()
        _ = try body.optional("reason", as: .string)
        return Self.answer(
            try await rooms.redact(
                event, content: body.object, in: room, transactionID: request.parameter("txnId"), by: request.requester))
    }

    private func setState(_ request: ClientRequest, stateKey: String) async throws -> Answer {
        let room = try request.roomID("roomId")
        let key = StateKey(request.parameter("eventType"), stateKey)
        if try request.query.string(Self.delay) != nil {
            return try await DelayedEventRoutes.answer(to: request, nil, in: room, delayedEvents) {
                try await delayed(request, in: room, type: key.type, stateKey: key.key)
            }
        }
        return Self.answer(
            try await rooms.setState(
                key, try await request.body().object, in: room, stickiness: request.query.stickiness(), by: request.requester))
    }

    private static func answer(_ event: EventID) -> Answer {
        Answer(["event_id": .string(event.string)])
    }
}

extension Query {
    /// The query parameter by which an event sticks to its room (MSC4354).
    private static let stickyDuration = "org.matrix.msc4354.sticky_duration_ms"

    /// For how long an event is to stick to its room; nil if it isn't.
    ///
    /// - Throws: `M_INVALID_PARAM`.
    func stickiness() throws(MatrixError) -> Stickiness? {
        try integer(Self.stickyDuration, in: 0...Int64.max).map { Stickiness(durationMilliseconds: $0) }
    }
}
