import CanonicalJSON
import Store

/// Where a user has notifications sent ("Push Notifications"): one app on one device by a push gateway, or an email address.
package struct Pusher: StoreCodable, Hashable {
    /// How notifications are sent.
    package enum Kind: String, Sendable {
        /// To a push gateway.
        case http
        /// In messages to an email address, which is the push key.
        case email
    }

    /// Names it for as long as it is there; no other one has had the number.
    package let number: UInt64
    /// The app: `app_id`.
    package let appID: String
    /// The app on one device: `pushkey`.
    package let pushKey: String
    package let kind: Kind
    package let appDisplayName: String
    package let deviceDisplayName: String
    package let profileTag: String?
    /// The language of notifications.
    package let language: String
    /// What the gateway needs, and its `url`.
    package let data: JSONObject
    /// Whether anything is sent (MSC3881).
    package let isEnabled: Bool
    /// The device that it was first set from, and with which it goes.
    package let device: String?
    /// When it was set last, in milliseconds since 1970.
    package let setAt: Int64
    /// What has been sent, for pushers of the kind `email`.
    package let mailProgress: MailProgress?

    package init(
        number: UInt64 = 0, appID: String, pushKey: String, kind: Kind, appDisplayName: String, deviceDisplayName: String,
        profileTag: String?, language: String, data: JSONObject, isEnabled: Bool, device: String?, setAt: Int64 = 0,
        mailProgress: MailProgress? = nil
    ) {
        self.number = number
        self.appID = appID
        self.pushKey = pushKey
        self.kind = kind
        self.appDisplayName = appDisplayName
        self.deviceDisplayName = deviceDisplayName
        self.profileTag = profileTag
        self.language = language
        self.data = data
        self.isEnabled = isEnabled
        self.device = device
        self.setAt = setAt
        self.mailProgress = mailProgress
    }

    /// The same as it is kept.
    func kept(number: UInt64, device: String?, at time: Int64, mailProgress: MailProgress?) -> Pusher {
        Pusher(
            number: number, appID: appID, pushKey: pushKey, kind: kind, appDisplayName: appDisplayName,
            deviceDisplayName: deviceDisplayName, profileTag: profileTag, language: language, data: data, isEnabled: isEnabled,
            device: device, setAt: time, mailProgress: mailProgress)
    }

    /// The pusher as clients see it: `Pusher` of the specification, with the members of MSC3881.
    package var json: JSONObject {
        var json: JSONObject = [
            "app_id": .string(appID), "pushkey": .string(pushKey), "kind": .string(kind.rawValue),
            "app_display_name": .string(appDisplayName),
            "device_display_name": .string(deviceDisplayName), "lang": .string(language), "data": .object(data),
            "org.matrix.msc3881.enabled": .bool(isEnabled),
        ]
        json["profile_tag"] = profileTag.map { .string($0) }
        json["org.matrix.msc3881.device_id"] = device.map { .string($0) }
        return json
    }

    /// The object that clients see, with the number, the time and what has been sent.
    package var encoded: [UInt8] {
        var object = json
        object["number"] = .integer(Int64(bitPattern: number))
        object["ts"] = .integer(setAt)
        object["mail"] = mailProgress.map { .object($0.json) }
        return object.encoded()
    }

    package init(encoded bytes: [UInt8]) throws {
        let object = try? JSONValue(parsing: bytes).objectValue
        func string(_ name: String) -> String? { object?[name]?.stringValue }
        guard let appID = string("app_id"), let pushKey = string("pushkey"), let kind = string("kind").flatMap(Kind.init(rawValue:)),
            let appDisplayName = string("app_display_name"), let deviceDisplayName = string("device_display_name"),
            let language = string("lang"), let data = object?["data"]?.objectValue, let number = object?["number"]?.integerValue,
            let setAt = object?["ts"]?.integerValue
        else { throw StoreError.undecodable(bytes, as: "a pusher") }
        self.init(
            number: UInt64(bitPattern: number), appID: appID, pushKey: pushKey, kind: kind, appDisplayName: appDisplayName,
            deviceDisplayName: deviceDisplayName, profileTag: string("profile_tag"), language: language, data: data,
            isEnabled: object?["org.matrix.msc3881.enabled"]?.boolValue ?? true, device: string("org.matrix.msc3881.device_id"),
            setAt: setAt, mailProgress: object?["mail"]?.objectValue.flatMap(MailProgress.init))
    }
}
