import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Making rooms, and rooms that take others' places ("Creation" of rooms, "Room upgrades").
struct RoomCreationRoutes: RouteGroup {
    let rooms: Rooms

    func add(to routes: inout RouteTable) {
        routes.post("/_matrix/client/v3/createRoom", access: .user, createRoom)
        routes.post("/_matrix/client/v3/rooms/{roomId}/upgrade", access: .user, upgrade)
    }

    private func createRoom(_ request: ClientRequest) async throws -> Answer {
        let room = try await rooms.create(Self.creation(try await request.body()), by: request.requester)
        return Answer(["room_id": .string(room.string)])
    }

    private func upgrade(_ request: ClientRequest) async throws -> Answer {
        let room = try request.roomID("roomId")
        let body = try await request.body()
        let successor = try await rooms.upgrade(
            room, to: try body.required("new_version", as: .string),
            additionalCreators: try body.optional("additional_creators", as: .array(of: .userID)) ?? [], by: request.requester)
        return Answer(["replacement_room": .string(successor.string)])
    }

    private static func creation(_ body: Body) throws(MatrixError) -> CreateRoomRequest {
        var creation = CreateRoomRequest()
        creation.visibility = try body.optional("visibility", as: .choice(of: CreateRoomRequest.Visibility.self)) ?? .private
        creation.preset = try body.optional("preset", as: .choice(of: CreateRoomRequest.Preset.self))
        creation.aliasLocalpart = try body.optional("room_alias_name", as: .string)
        creation.name = try body.optional("name", as: .string)
        creation.topic = try body.optional("topic", as: .string)
        creation.invite = try body.optional("invite", as: .array(of: .userID)) ?? []
        for invite in try body.optional("invite_3pid", as: .array(of: .object)) ?? [] {
            guard let invite = try Body(invite).thirdPartyInvite() else {
                throw MatrixError(.missingParameter, "Missing invite_3pid.medium")
            }
            creation.thirdPartyInvites.append(invite)
        }
        creation.roomVersion = try body.optional("room_version", as: .string)
        creation.creationContent = try body.optional("creation_content", as: .object) ?? [:]
        creation.powerLevelOverride = try body.optional("power_level_content_override", as: .object) ?? [:]
        creation.isDirect = try body.optional("is_direct", as: .bool) ?? false
        for event in try body.optional("initial_state", as: .array(of: .object)) ?? [] {
            let event = Body(event)
            let key = StateKey(try event.required("type", as: .string), try event.optional("state_key", as: .string) ?? "")
            creation.initialState.append((key, try event.required("content", as: .object)))
        }
        return creation
    }
}
