import CanonicalJSON
import MatrixProtocol
import Store

/// What is told of a room to those who are not in it.
extension RoomsView {
    /// The state events that an invited user sees ("Stripped state" in the client-server API).
    private static let strippedKeys: [StateKey] = [
        .create, .joinRules, .canonicalAlias, .name, .topic, .avatar, .encryption,
    ]

    /// The room's stripped state, as a JSON array, with the user's own membership at its end, and before it that of who invites the user.
    func strippedState(of room: ShortRoomID, for user: UserID) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        writer.beginArray()
        let sender = try currentEvent(.member(user), in: room)?.sender() ?? user
        let members: [StateKey] = (sender == user ? [] : [.member(sender)]) + [.member(user)]
        for key in Self.strippedKeys + members {
            guard let event = try currentEvent(key, in: room) else { continue }
            let hasTimestamp = key == .create || key == .member(user)
            try writer.strippedEvent(event.json, withTimestamp: hasTimestamp)
        }
        writer.endArray()
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a state event in its stripped form: content, sender, state key and type.
    package mutating func strippedEvent(_ event: [UInt8], withTimestamp: Bool = false) throws(JSONError) {
        let fields = try JSONFields(scanning: event)
        let names = ["content", "sender", "state_key", "type"] + (withTimestamp ? ["origin_server_ts"] : [])
        beginObject()
        for name in names {
            guard let value = fields.slice(name) else { continue }
            key(name)
            raw(value)
        }
        endObject()
    }
}
