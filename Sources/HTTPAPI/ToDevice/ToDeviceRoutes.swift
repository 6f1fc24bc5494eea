import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Messages from device to device ("Send-to-Device messaging").
struct ToDeviceRoutes: RouteGroup {
    let messages: ToDeviceMessages

    func add(to routes: inout RouteTable) {
        routes.put("/_matrix/client/v3/sendToDevice/{eventType}/{txnId}", access: .guest, send)
        let events = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{device_id}/events"
        routes.get(events, access: .user) { request in
            try list(request, from: request.query.string("from"), limit: request.query.integer("limit"), goesOnUntilEmpty: false)
        }
        // The older form, which clients still use.
        routes.post(events, access: .user) { request in
            let body = try await request.body()
            return try list(
                request, from: body.optional("next_batch", as: .string), limit: body.optional("limit", as: .integer), goesOnUntilEmpty: true
            )
        }
    }

    private func send(_ request: ClientRequest) async throws -> Answer {
        let sent = try await request.body().required("messages", as: .object)
        try await messages.send(
            ToDeviceRequest(type: request.parameter("eventType"), transactionID: request.parameter("txnId"), sent), by: request.requester)
        return .empty
    }

    private func list(_ request: ClientRequest, from token: String?, limit: Int64?, goesOnUntilEmpty: Bool) throws -> Answer {
        let answer = try messages.messages(
            ofDehydratedDevice: request.parameter("device_id"), from: token, limit: limit, goesOnUntilEmpty: goesOnUntilEmpty,
            for: request.requester)
        return Answer(json: answer)
    }
}
