import CanonicalJSON
import Homeserver
import MatrixProtocol

/// A user's devices ("Device Management").
struct DeviceRoutes: RouteGroup {
    let accounts: Accounts

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/devices", access: .guest, list)
        let device = "/_matrix/client/v3/devices/{deviceId}"
        routes.get(device, access: .guest, get)
        routes.put(device, access: .guest, rename)
        routes.delete(device, access: .user, delete)
        routes.post("/_matrix/client/v3/delete_devices", access: .user, deleteMany)
    }

    private func list(_ request: ClientRequest) async throws -> Answer {
        Answer(["devices": .array(try accounts.devices(for: request.requester).map { .object($0) })])
    }

    private func get(_ request: ClientRequest) async throws -> Answer {
        Answer(try accounts.device(request.parameter("deviceId"), for: request.requester))
    }

    private func rename(_ request: ClientRequest) async throws -> Answer {
        let name = try await request.body().optional("display_name", as: .string)
        try await accounts.rename(request.parameter("deviceId"), to: name, for: request.requester)
        return .empty
    }

    private func delete(_ request: ClientRequest) async throws -> Answer {
        try await remove([request.parameter("deviceId")], request)
    }

    private func deleteMany(_ request: ClientRequest) async throws -> Answer {
        try await remove(request.body().required("devices", as: .array(of: .string)), request)
    }

    private func remove(_ devices: [String], _ request: ClientRequest) async throws -> Answer {
        let auth = try await request.body().optional("auth", as: .object)
        return try await Answer.afterInteractiveAuthentication {
            try await accounts.remove(devices, for: request.requester, auth: auth)
            return .empty
        }
    }
}
