import Homeserver

/// Telling the administrators of what is inappropriate ("Reporting Content").
struct ReportRoutes: RouteGroup {
    let reports: Reports

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/rooms/{roomId}/report", access: .user, isLimited: true, reportRoom)
        routes.post("/_matrix/client/v3/rooms/{roomId}/report/{eventId}", access: .user, reportEvent)
        routes.post("/_matrix/client/v3/users/{userId}/report", access: .user, isLimited: true, reportUser)
    }

    private func reportRoom(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        try await reports.report(room: room, reason: request.body().required("reason", as: .string), by: request.requester)
        return .empty
    }

    private func reportEvent(_ request: ClientRequest) async throws -> Answer {
        let (room, event) = (try request.roomID("roomId"), try request.eventID("eventId"))
        let body = try await request.body()
        try await reports.report(
            event, in: room, reason: body.optional("reason", as: .string), score: body.optional("score", as: .integer),
            by: request.requester)
        return .empty
    }

    private func reportUser(_ request: ClientRequest) async throws -> Answer {
        let user = try request.userID("userId")
        try await reports.report(user: user, reason: request.body().required("reason", as: .string), by: request.requester)
        return .empty
    }
}
