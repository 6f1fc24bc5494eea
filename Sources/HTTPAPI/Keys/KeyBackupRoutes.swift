import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Keys of sessions that users back up ("Server-side key backups").
struct KeyBackupRoutes: RouteGroup {
    let backups: KeyBackups

    func add(to routes: inout RouteTable) {
        let versions = "/_matrix/client/v3/room_keys/version"
        routes.post(versions, access: .user, isLimited: true, create)
        routes.get(versions, access: .user, isLimited: true) { try describe($0, nil) }
        let version = versions + "/{version}"
        routes.get(version, access: .user, isLimited: true) { try describe($0, $0.parameter("version")) }
        routes.put(version, access: .user, isLimited: true, update)
        routes.delete(version, access: .user, isLimited: true, deleteVersion)

        let keys = "/_matrix/client/v3/room_keys/keys"
        routes.put(keys, access: .user, isLimited: true) { try await add(KeyBackupUpload(rooms: $0.body().object), $0) }
        routes.get(keys, access: .user, isLimited: true, lane: .long) { try list($0, in: nil) }
        routes.delete(keys, access: .user, isLimited: true) { try await delete($0, in: nil) }
        let room = keys + "/{roomId}"
        routes.put(room, access: .user, isLimited: true) { try await add(KeyBackupUpload(of: $0.roomID("roomId"), $0.body().object), $0) }
        routes.get(room, access: .user, isLimited: true, lane: .long) { try list($0, in: $0.roomID("roomId")) }
        routes.delete(room, access: .user, isLimited: true) { try await delete($0, in: $0.roomID("roomId")) }
        let session = room + "/{sessionId}"
        routes.put(session, access: .user, isLimited: true) { request in
            let key = try await KeyBackupUpload(
                of: request.parameter("sessionId"), in: request.roomID("roomId"), request.body().object)
            return try await add(key, request)
        }
        routes.get(session, access: .user, isLimited: true, get)
        routes.delete(session, access: .user, isLimited: true) {
            try await delete($0, in: $0.roomID("roomId"), session: $0.parameter("sessionId"))
        }
    }

    // MARK: - Versions

    private func create(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let version = try await backups.create(
            algorithm: body.required("algorithm", as: .string), authData: body.required("auth_data", as: .object), for: request.requester)
        return Answer(["version": .string(version)])
    }

    private func describe(_ request: ClientRequest, _ version: String?) throws -> Answer {
        Answer(try backups.describe(version, for: request.requester))
    }

    private func update(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        try await backups.update(
            request.parameter("version"), bodyVersion: body.optional("version", as: .string),
            algorithm: body.required("algorithm", as: .string), authData: body.required("auth_data", as: .object), for: request.requester)
        return .empty
    }

    private func deleteVersion(_ request: ClientRequest) async throws -> Answer {
        try await backups.delete(request.parameter("version"), for: request.requester)
        return .empty
    }

    // MARK: - Keys

    private func add(_ upload: KeyBackupUpload, _ request: ClientRequest) async throws -> Answer {
        Answer(try await backups.add(upload, to: request.query.required("version"), for: request.requester))
    }

    private func list(_ request: ClientRequest, in room: RoomID?) throws -> Answer {
        try Answer(backups.keys(in: room, version: request.query.required("version"), for: request.requester))
    }

    private func get(_ request: ClientRequest) async throws -> Answer {
        let key = try backups.key(
            of: request.parameter("sessionId"), in: request.roomID("roomId"), version: request.query.required("version"),
            for: request.requester)
        return Answer(json: key)
    }

    private func delete(_ request: ClientRequest, in room: RoomID?, session: String? = nil) async throws -> Answer {
        Answer(
            try await backups.delete(in: room, session: session, version: request.query.required("version"), for: request.requester))
    }
}
