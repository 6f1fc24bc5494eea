import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Where users have notifications sent ("Push Notifications", and MSC3881).
package struct PusherRoutes: RouteGroup {
    private let pushers: Pushers

    package init(pushers: Pushers) {
        self.pushers = pushers
    }

    package func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/pushers", access: .user) { request in
            Answer(["pushers": .array(try pushers.list(for: request.requester).map { .object($0) })])
        }
        routes.post("/_matrix/client/v3/pushers/set", access: .user, isLimited: true, set)
    }

    private func set(_ request: ClientRequest) async throws -> Answer {
        let body = try await request.body()
        let appID = try body.required("app_id", as: .string)
        let pushKey = try body.required("pushkey", as: .string)
        guard try body.required("kind", as: .value) != .null else {
            try await pushers.remove(app: appID, pushKey: pushKey, for: request.requester)
            return .empty
        }
        try await pushers.set(
            PusherRequest(
                appID: appID, pushKey: pushKey, kind: body.required("kind", as: .string),
                appDisplayName: body.required("app_display_name", as: .string),
                deviceDisplayName: body.required("device_display_name", as: .string),
                profileTag: body.optional("profile_tag", as: .string), language: body.required("lang", as: .string),
                data: body.required("data", as: .object),
                isEnabled: body.optional("org.matrix.msc3881.enabled", as: .bool) ?? true,
                keepsOthers: body.optional("append", as: .bool) ?? false),
            for: request.requester)
        return .empty
    }
}
