import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Notices to users, for `martlet notice`.
struct NoticeRoutes: RouteGroup {
    let notices: ServerNotices

    func add(to routes: inout RouteTable) {
        routes.control("notice") { [notices] body in
            guard let user = UserID(try body.required("user_id", as: .string)) else {
                throw MatrixError(.invalidParameter, "user_id is not a user ID")
            }
            let content: JSONObject = ["msgtype": "m.text", "body": .string(try body.required("body", as: .string))]
            let notice = ServerNotices.Request(to: user, type: nil, stateKey: nil, content: content, transactionID: nil)
            return ["event_id": .string(try await notices.send(notice).string)]
        }
    }
}
