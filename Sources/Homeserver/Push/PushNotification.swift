import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a push gateway is told ("Push Gateway API").
struct PushNotification {
    /// The body of the request.
    let json: JSONObject
    /// Whether it tells of an event, and not of a number alone.
    let hasEvent: Bool

    /// Tells of an event.
    ///
    /// - Parameters:
    ///   - room: the event's room, as the user's rules see it.
    ///   - unread: how many unread events notify the user.
    init(of event: StoredEvent, actions: PushActions, in room: RoomNotifications, unread: Int, to pusher: Pusher) throws {
        var notification: JSONObject = ["event_id": .string(event.id.string), "room_id": .string(room.id.string)]
        var device = Self.device(pusher)
        let fields = try JSONFields(scanning: event.json)
        if pusher.data["format"] != "event_id_only" {
            device["tweaks"] = .object(actions.tweaks)
            notification["type"] = fields.string("type").map { .string($0) }
            notification["content"] = try fields.slice("content").map { try JSONValue(parsing: $0) }
            if let sender = fields.string("sender") {
                notification["sender"] = .string(sender)
                notification["sender_display_name"] = try room.facts.displayName(of: UserID(trusted: sender)).map { .string($0) }
            }
            notification["room_name"] = try room.facts.string("name", of: .name).map { .string($0) }
            notification["room_alias"] = try room.facts.string("alias", of: .canonicalAlias).map { .string($0) }
            if fields.string("type") == EventType.roomMember {
                notification["user_is_target"] = .bool(fields.string("state_key") == room.user.string)
                // Gateways make the texts of invites of it.
                notification["membership"] = notification["content"]?.objectValue?["membership"]
            }
        }
        let isUrgent = actions.highlights || actions.tweaks["sound"] != nil || fields.string("type") == EventType.roomEncrypted
        notification["prio"] = isUrgent ? "high" : "low"
        // Counts of zero are left out.
        notification["counts"] = .object(unread > 0 ? ["unread": .integer(Int64(unread))] : [:])
        notification["devices"] = [.object(device)]
        json = ["notification": .object(notification)]
        hasEvent = true
    }

    /// Tells of another number of unread events.
    init(unread: Int, to pusher: Pusher) {
        // Zero is told, too: to some gateways a count that is missing says nothing, and the old number would stay. Some read the other three
        // members whatever the notification is about.
        let notification: JSONObject = [
            "id": "", "type": .null, "sender": "", "counts": ["unread": .integer(Int64(unread))],
            "devices": [.object(Self.device(pusher))],
        ]
        json = ["notification": .object(notification)]
        hasEvent = false
    }

    private static func device(_ pusher: Pusher) -> JSONObject {
        var data = pusher.data
        data["url"] = nil
        return [
            "app_id": .string(pusher.appID), "pushkey": .string(pusher.pushKey), "pushkey_ts": .integer(pusher.setAt / 1000),
            "data": .object(data),
        ]
    }
}
