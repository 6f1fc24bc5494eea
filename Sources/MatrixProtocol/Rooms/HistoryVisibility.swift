package import CanonicalJSON

/// Who may read a room's history (client-server API, "m.room.history_visibility").
package enum HistoryVisibility: String, Sendable {
    case invited
    case joined
    case shared
    case worldReadable = "world_readable"

    /// The visibility that the content of an `m.room.history_visibility` event sets; `shared` where there is no such event, or it
    /// sets none that is known.
    package init(_ content: JSONObject?) {
        self = content?["history_visibility"]?.stringValue.flatMap(Self.init(rawValue:)) ?? .shared
    }
}
