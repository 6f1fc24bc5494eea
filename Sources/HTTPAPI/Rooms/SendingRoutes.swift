import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Sending events to rooms ("Sending events to a room", "Redactions").
package struct SendingRoutes: RouteGroup {
    private let rooms: Rooms

    package init(rooms: Rooms) {
        self.rooms = rooms
    }

    package func add(to routes: inout RouteTable) {
        routes.put("/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", access: .guest, send)
        routes.put("/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", access: .user, redact)
        routes.put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", access: .guest) { try await setState($0, stateKey: "") }
        routes.put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", access: .guest) {
            try await setState($0, stateKey: $0.parameter("stateKey"))
        }
    }

    private func send(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let content = try await request.body().object
        return Self.answer(
            try await rooms.send(
                request.parameter("eventType"), content, to: room, transactionID: request.parameter("txnId"), by: request.requester))
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
        return Self.answer(try await rooms.setState(key, try await request.body().object, in: room, by: request.requester))
    }

    private static func answer(_ event: EventID) -> Answer {
        Answer(["event_id": .string(event.string)])
    }
}
