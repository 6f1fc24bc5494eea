import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What users have read ("Receipts", "Read and unread markers").
struct ReceiptRoutes: RouteGroup {
    let receipts: Receipts

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}", access: .user, isLimited: true, setReceipt)
        routes.post("/_matrix/client/v3/rooms/{roomId}/read_markers", access: .user, isLimited: true, setMarkers)
    }

    private func setReceipt(_ request: ClientRequest) async throws -> Answer {
        let (room, event) = (try request.roomID("roomId"), try request.eventID("eventId"))
        let markers = try ReadMarkers(
            type: request.parameter("receiptType"), event: event, threadID: try await request.body().object["thread_id"])
        try await receipts.set(markers, in: room, by: request.requester)
        return .empty
    }

    private func setMarkers(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        try await receipts.set(ReadMarkers(try await request.body().object), in: room, by: request.requester)
        return .empty
    }
}
