import Homeserver
import MatrixProtocol

/// What clients keep for their user, for all rooms or for one ("Client Config").
struct AccountDataRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        let global = "/_matrix/client/v3/user/{userId}/account_data/{type}"
        routes.get(global, access: .user) { try await get($0, in: nil) }
        routes.put(global, access: .user) { try await put($0, in: nil) }
        let inRoom = "/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}"
        routes.get(inRoom, access: .user) { try await get($0, in: $0.roomID("roomId")) }
        routes.put(inRoom, access: .user) { try await put($0, in: $0.roomID("roomId")) }
        let removal = "/_matrix/client/unstable/org.matrix.msc3391/user/{userId}"
        routes.delete("\(removal)/account_data/{type}", access: .user) { try await delete($0, in: nil) }
        routes.delete("\(removal)/rooms/{roomId}/account_data/{type}", access: .user) { try await delete($0, in: $0.roomID("roomId")) }
    }

    private func get(_ request: ClientRequest, in room: RoomID?) async throws -> Answer {
        let content = try accounts.accountData(
            of: request.userID("userId"), in: room, type: request.parameter("type"), for: request.requester)
        return Answer(json: content)
    }

    private func put(_ request: ClientRequest, in room: RoomID?) async throws -> Answer {
        let content = try await request.body().object.encoded()
        try await accounts.setAccountData(
            of: request.userID("userId"), in: room, type: request.parameter("type"), to: content, for: request.requester)
        return .empty
    }

    private func delete(_ request: ClientRequest, in room: RoomID?) async throws -> Answer {
        try await accounts.removeAccountData(
            of: request.userID("userId"), in: room, type: request.parameter("type"), for: request.requester)
        return .empty
    }
}
