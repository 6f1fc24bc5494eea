package import CanonicalJSON

/// Why something is not an event: it breaks the event format of its room version, or a size limit.
package enum EventFormatError: Error, Equatable, CustomStringConvertible {
    /// It isn't JSON, or not the JSON that the room version allows.
    case json(JSONError)
    /// A member that events must have is missing.
    case missing(field: String)
    /// A member has another type than the format asks for.
    case wrongType(field: String, expected: String)
    /// A member is no identifier of its kind.
    case invalidIdentifier(field: String)
    /// A number is outside what the format allows.
    case outOfRange(field: String)
    /// The whole event is larger than `EventLimits.sizeMaxBytes`.
    case tooLarge(sizeBytes: Int)
    /// A member is longer than `EventLimits.fieldMaxBytes`.
    case fieldTooLong(field: String)
    /// A list is longer than the format allows.
    case tooMany(field: String, count: Int, max: Int)

    package var description: String {
        switch self {
        case .json(let error): "The event is not valid: \(error)"
        case .missing(let field): "The event has no \(field)"
        case .wrongType(let field, let expected): "The event's \(field) is not \(expected)"
        case .invalidIdentifier(let field): "The event's \(field) is not a valid identifier"
        case .outOfRange(let field): "The event's \(field) is out of range"
        case .tooLarge(let sizeBytes): "The event has \(sizeBytes) bytes, more than the allowed \(EventLimits.sizeMaxBytes)"
        case .fieldTooLong(let field): "The event's \(field) is longer than \(EventLimits.fieldMaxBytes) bytes"
        case .tooMany(let field, let count, let max): "The event has \(count) \(field), more than the allowed \(max)"
        }
    }
}

/// The limits on events (client-server API, "Size limits"; event formats of the room versions).
package enum EventLimits {
    /// The largest event as canonical JSON with its signatures.
    package static let sizeMaxBytes = 65536
    /// The longest `sender`, `room_id`, `state_key`, `type` and event ID.
    package static let fieldMaxBytes = 255
    /// The most entries of `prev_events`.
    package static let prevEventsMax = 20
    /// The most entries of `auth_events`.
    package static let authEventsMax = 10
    /// The largest `depth` that canonical JSON has, 2^53 - 1. `EventFormat.depthMax` is a room version's limit.
    package static let canonicalDepthMax: Int64 = (1 << 53) - 1
}
