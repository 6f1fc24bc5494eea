import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// A pusher as a client asks for it (`POST /pushers/set`).
package struct PusherRequest: Sendable {
    package let appID: String
    package let pushKey: String
    /// `http` or `email`.
    package let kind: String
    package let appDisplayName: String
    package let deviceDisplayName: String
    package let profileTag: String?
    package let language: String
    package let data: JSONObject
    package let isEnabled: Bool
    /// Whether other users keep theirs of the same app and push key: `append`.
    package let keepsOthers: Bool

    package init(
        appID: String, pushKey: String, kind: String = "http", appDisplayName: String, deviceDisplayName: String,
        profileTag: String? = nil, language: String, data: JSONObject, isEnabled: Bool = true, keepsOthers: Bool = false
    ) {
        self.appID = appID
        self.pushKey = pushKey
        self.kind = kind
        self.appDisplayName = appDisplayName
        self.deviceDisplayName = deviceDisplayName
        self.profileTag = profileTag
        self.language = language
        self.data = data
        self.isEnabled = isEnabled
        self.keepsOthers = keepsOthers
    }
}

/// Where users have notifications sent ("Push Notifications"). `PushDelivery` sends them.
package final class Pushers: Sendable {
    private let database: AccountsDatabase
    private let delivery: PushDelivery
    private let http: any OutgoingHTTP
    /// Those in messages; nil where there is no mail server.
    private let unsubscribeLinks: UnsubscribeLinks?

    init(database: AccountsDatabase, delivery: PushDelivery, http: any OutgoingHTTP, unsubscribeLinks: UnsubscribeLinks?) {
        self.database = database
        self.delivery = delivery
        self.http = http
        self.unsubscribeLinks = unsubscribeLinks
    }

    /// The requester's pushers (`GET /pushers`).
    package func list(for requester: Requester) throws -> [JSONObject] {
        try database.view().pushers(of: requester.userID).map(\.json)
    }

    /// Sets a pusher of the requester's (`POST /pushers/set`). What happens from the answer on is sent.
    ///
    /// - Throws: `M_INVALID_PARAM` for what can't be; `M_MISSING_PARAM` for a URL that is missing; for email `M_THREEPID_NOT_FOUND` when the address
    ///   is not the user's, and `M_THREEPID_MEDIUM_NOT_SUPPORTED` where there is no mail server.
    package func set(_ request: PusherRequest, for requester: Requester) async throws {
        let kind = try await check(request)
        let pusher = Pusher(
            appID: request.appID, pushKey: request.pushKey, kind: kind, appDisplayName: request.appDisplayName,
            deviceDisplayName: request.deviceDisplayName, profileTag: request.profileTag, language: request.language, data: request.data,
            isEnabled: request.isEnabled, device: requester.deviceID,
            mailProgress: kind == .email ? MailProgress(toldUpTo: delivery.newestPosition) : nil)
        do {
            let position = try await database.set(pusher, of: requester.userID, keepsOthers: request.keepsOthers)
            try await delivery.settled(at: position)
        } catch AccountsConflict.thirdPartyIDUnknown {
            throw MatrixError(.threePIDNotFound, "This email address is not one of your account's")
        } catch AccountsConflict.tooManyPushers {
            throw MatrixError(.invalidParameter, "A user has at most \(AccountsDatabase.pushersMax) pushers")
        }
    }

    /// Removes a pusher of the requester's, if it is there. From the answer on nothing is sent any more.
    package func remove(app: String, pushKey: String, for requester: Requester) async throws {
        if let position = try await database.removePusher(of: requester.userID, app: app, pushKey: pushKey) {
            try await delivery.settled(at: position)
        }
    }

    /// Where the links in messages lead to by which their readers end them; `pusher` and `signature` are in the query.
    package static let unsubscribePath = UnsubscribeLinks.path

    /// Removes the pusher that has sent a message, if it is still there.
    ///
    /// - Parameters:
    ///   - pusher: what the message's link says of it.
    ///   - signature: the link's proof that this server has made it.
    /// - Throws: `M_FORBIDDEN` for a link that it hasn't.
    package func unsubscribe(_ pusher: String, signature: String) async throws {
        guard let (user, number) = unsubscribeLinks?.pusher(pusher, signature: signature) else {
            throw MatrixError(.forbidden, "This link is not good")
        }
        guard let pusher = try database.view().pushers(of: user).first(where: { $0.number == number }),
            let position = try await database.removePusher(of: user, app: pusher.appID, pushKey: pusher.pushKey)
        else { return }
        try await delivery.settled(at: position)
    }

    // MARK: - Checks

    private static let appIDLengthMax = 64
    private static let pushKeySizeMaxBytes = 512
    /// The longest name, language or tag, in bytes.
    private static let textSizeMaxBytes = 1024
    private static let dataSizeMaxBytes = 8 << 10
    /// Where gateways take notifications.
    private static let gatewayPath = "/_matrix/push/v1/notify"

    private func check(_ pusher: PusherRequest) async throws(MatrixError) -> Pusher.Kind {
        try Self.checkSizes(pusher)
        guard let kind = Pusher.Kind(rawValue: pusher.kind) else {
            throw MatrixError(.invalidParameter, "This server has no pushers of the kind \(pusher.kind)")
        }
        switch kind {
        case .http: try await checkGateway(pusher.data)
        case .email: guard unsubscribeLinks != nil else { throw Accounts.mediumNotSupported }
        }
        return kind
    }

    private static func checkSizes(_ pusher: PusherRequest) throws(MatrixError) {
        guard pusher.appID.unicodeScalars.count <= appIDLengthMax else {
            throw MatrixError(.invalidParameter, "app_id has at most \(appIDLengthMax) characters")
        }
        guard pusher.pushKey.utf8.count <= pushKeySizeMaxBytes else {
            throw MatrixError(.invalidParameter, "pushkey has at most \(pushKeySizeMaxBytes) bytes")
        }
        for text in [pusher.appDisplayName, pusher.deviceDisplayName, pusher.language, pusher.profileTag ?? ""] {
            guard text.utf8.count <= textSizeMaxBytes else {
                throw MatrixError(.invalidParameter, "The names, lang and profile_tag of a pusher have at most \(textSizeMaxBytes) bytes")
            }
        }
        guard pusher.data.encoded().count <= dataSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "A pusher's data has at most \(dataSizeMaxBytes) bytes")
        }
    }

    /// The specification wants `https`, which somebody else's gateway needs; the administrator's own one may be on this machine.
    private func checkGateway(_ data: JSONObject) async throws(MatrixError) {
        guard let value = data["url"] else { throw MatrixError(.missingParameter, "Missing data.url") }
        guard let url = value.stringValue, let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }),
            Self.isGateway(url.dropFirst(scheme.count))
        else { throw MatrixError(.invalidParameter, "data.url must be an https URL with the path \(Self.gatewayPath)") }
        if scheme == "https://" { return }
        guard await http.allowsPlainHTTP(to: url) else {
            throw MatrixError(.invalidParameter, "data.url must be an https URL: http is for gateways in the server's own network")
        }
    }

    /// - Parameter rest: what follows the URL's scheme.
    private static func isGateway(_ rest: Substring) -> Bool {
        guard let path = rest.firstIndex(of: "/"), path > rest.startIndex else { return false }
        return rest[path...].prefix { $0 != "?" && $0 != "#" } == gatewayPath
    }
}
