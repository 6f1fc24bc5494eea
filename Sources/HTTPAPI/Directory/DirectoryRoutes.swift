import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Names of rooms and the list of public rooms ("Room aliases", "Published room directory").
struct DirectoryRoutes: RouteGroup {
    let directory: Directory

    func add(to routes: inout RouteTable) {
        let alias = "/_matrix/client/v3/directory/room/{roomAlias}"
        routes.get(alias, access: .open, resolveAlias)
        routes.put(alias, access: .user, setAlias)
        routes.delete(alias, access: .user, deleteAlias)
        routes.get("/_matrix/client/v3/rooms/{roomId}/aliases", access: .user, isLimited: true, getAliases)
        let visibility = "/_matrix/client/v3/directory/list/room/{roomId}"
        routes.get(visibility, access: .open, getVisibility)
        routes.put(visibility, access: .user, setVisibility)
        routes.get("/_matrix/client/v3/publicRooms", access: .open, lane: .long, getPublicRooms)
        routes.post("/_matrix/client/v3/publicRooms", access: .user, lane: .long, searchPublicRooms)
    }

    // MARK: - Aliases

    private func resolveAlias(_ request: ClientRequest) async throws -> Answer {
        let (room, servers) = try directory.resolve(request.roomAlias("roomAlias"))
        return Answer(["room_id": .string(room.string), "servers": .array(servers.map { .string($0.string) })])
    }

    private func setAlias(_ request: ClientRequest) async throws -> Answer {
        let alias = try request.roomAlias("roomAlias")
        let room = try await request.body().required("room_id", as: .roomID)
        try await directory.setAlias(alias, to: room, by: request.requester)
        return .empty
    }

    private func deleteAlias(_ request: ClientRequest) async throws -> Answer {
        try await directory.deleteAlias(request.roomAlias("roomAlias"), by: request.requester)
        return .empty
    }

    private func getAliases(_ request: ClientRequest) async throws -> Answer {
        let aliases = try directory.aliases(of: request.roomID("roomId"), for: request.requester)
        return Answer(["aliases": .array(aliases.map { .string($0.string) })])
    }

    // MARK: - The directory

    private typealias Visibility = CreateRoomRequest.Visibility

    private func getVisibility(_ request: ClientRequest) async throws -> Answer {
        let visibility: Visibility = try directory.isPublic(request.roomID("roomId")) ? .public : .private
        return Answer(["visibility": .string(visibility.rawValue)])
    }

    private func setVisibility(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let body = try await request.body()
        let isNamed = body.object["visibility"] != nil
        let visibility = isNamed ? try body.required("visibility", as: .choice(of: Visibility.self)) : .public
        try await directory.setPublic(visibility == .public, room, by: request.requester)
        return .empty
    }

    private func getPublicRooms(_ request: ClientRequest) async throws -> Answer {
        let query = request.query
        let limit = try query.integer("limit", in: 0...Int64.max)
        return try publicRooms(PublicRoomsRequest(limit: limit.map { Int($0) }, since: query.string("since")), request)
    }

    private func searchPublicRooms(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let filter = try body.optionalBody("filter")
        let search = PublicRoomsRequest(
            limit: try body.optional("limit", as: .integer(in: 0...Int64.max)).map { Int($0) },
            since: try body.optional("since", as: .string),
            searchTerm: try filter?.optional("generic_search_term", as: .string),
            roomTypes: try filter?.optional("room_types", as: .array(of: .roomType)))
        return try publicRooms(search, request)
    }

    private func publicRooms(_ search: PublicRoomsRequest, _ request: ClientRequest) throws -> Answer {
        Answer(try directory.publicRooms(search, of: request.query.identifier("server", as: ServerName.self)))
    }
}

extension JSONShape<String?> {
    /// A type of rooms, where null stands for rooms without one.
    fileprivate static var roomType: Self {
        Self("a string or null") { value in
            switch value {
            case .string(let type): .some(type)
            case .null: .some(nil)
            default: nil
            }
        }
    }
}
