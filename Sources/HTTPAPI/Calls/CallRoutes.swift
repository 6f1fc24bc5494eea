import CanonicalJSON
import Homeserver
import MatrixProtocol

/// What clients need from the server to call each other ("Voice over IP"; MSC4143).
struct CallRoutes: RouteGroup {
    let calls: Calls

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/v3/voip/turnServer", access: .guest, isLimited: true) { request in
            Answer(calls.turnServers(for: try request.requester))
        }
        routes.get("/_matrix/client/unstable/org.matrix.msc4143/rtc/transports", access: .guest) { _ in
            var answer: JSONObject = [:]
            answer["rtc_transports"] = calls.transports
            return Answer(answer)
        }
    }
}
