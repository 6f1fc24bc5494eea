import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Devices that take messages while nobody is logged in on any (MSC3814).
struct DehydratedDeviceRoutes: RouteGroup {
    let encryption: Encryption

    func add(to routes: inout RouteTable) {
        let device = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
        routes.put(device, access: .user, keep)
        routes.get(device, access: .user, get)
        routes.delete(device, access: .user, remove)
    }

    private func keep(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let id = try await encryption.keepDehydratedDevice(
            body.required("device_id", as: .string), data: body.required("device_data", as: .object),
            displayName: body.optional("initial_device_display_name", as: .string), keys: body.object, for: request.requester)
        return Answer(["device_id": .string(id)])
    }

    private func get(_ request: ClientRequest) async throws -> Answer {
        Answer(try encryption.dehydratedDevice(for: request.requester))
    }

    private func remove(_ request: ClientRequest) async throws -> Answer {
        Answer(["device_id": .string(try await encryption.removeDehydratedDevice(for: request.requester))])
    }
}
