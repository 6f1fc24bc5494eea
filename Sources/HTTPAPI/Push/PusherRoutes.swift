import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Where users have notifications sent ("Push Notifications", and MSC3881).
struct PusherRoutes: RouteGroup {
    let pushers: Pushers

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/pushers", access: .user) { request in
            Answer(["pushers": .array(try pushers.list(for: request.requester).map { .object($0) })])
        }
        routes.post("/_matrix/client/v3/pushers/set", access: .user, isLimited: true, set)
        // Programs that look at mail follow links, too, so the page asks once more; a mail program's own button posts to the same link.
        routes.get(Pushers.unsubscribePath, access: .open) { _ in .page(FallbackPages.unsubscribe) }
        routes.post(Pushers.unsubscribePath, access: .open, unsubscribe)
    }

    private func unsubscribe(_ request: ClientRequest) async throws -> Answer {
        do {
            try await pushers.unsubscribe(try request.query.required("pusher"), signature: try request.query.required("signature"))
            return .page(FallbackPages.unsubscribed)
        } catch let error as MatrixError where error.code == .forbidden {
            return .page(FallbackPages.notUnsubscribed(error.message), status: .forbidden)
        }
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
