package import CanonicalJSON
import Synchronization

/// An event in the federation format (a PDU): its canonical JSON and what the server asks for all the time.
///
/// An event never changes; a redaction makes another one with the same ID. What isn't needed often (content, previous and auth events) is
/// decoded from the bytes at each access, so that a cached event costs little more than its bytes: keep the result in a variable.
package final class Event: Sendable {
    /// The event's ID, which only in room versions 1 and 2 is part of its JSON.
    package let id: EventID
    /// The room; for a create event of room version 12 and later that is what its own hash names.
    package let roomID: RoomID
    package let type: String
    /// The `state_key`: an event that has one is a state event.
    package let stateKey: String?
    package let sender: UserID
    /// The event that this one redacts, if it is a redaction that names one.
    package let redacts: EventID?
    /// The longest way back to the room's start.
    package let depth: Int64
    /// The sending server's clock, in milliseconds since 1970.
    package let originServerTS: Int64
    /// The membership that an `m.room.member` event sets; nil for other types, and for values that aren't a membership.
    package let membership: Membership?
    /// For how long it sticks to its room; nil for most events.
    package let stickiness: Stickiness?
    /// Whether nothing else in a member event's content matters to the rules, so that they need not decode it.
    let saysMembershipOnly: Bool
    /// The event as canonical JSON, without `unsigned`.
    package let bytes: [UInt8]

    private let contentRange: Range<UInt32>
    private let prevEventsRange: Range<UInt32>
    private let authEventsRange: Range<UInt32>

    /// What the authorization rules ask of the content again and again, decoded at the first time.
    private let decoded = Mutex<DecodedContent?>(nil)

    private enum DecodedContent {
        case create(CreateContent)
        case powerLevels(JSONObject)
    }

    /// Where the members that are decoded on demand lie in the bytes.
    struct Ranges {
        var content: Range<Int>
        var prevEvents: Range<Int>
        var authEvents: Range<Int>
    }

    /// An event whose parts are all known.
    init(
        bytes: [UInt8], ranges: Ranges, id: EventID, roomID: RoomID, type: String, stateKey: String?, sender: UserID, redacts: EventID?,
        depth: Int64, originServerTS: Int64, stickiness: Stickiness?
    ) {
        self.bytes = bytes
        contentRange = Self.narrow(ranges.content)
        prevEventsRange = Self.narrow(ranges.prevEvents)
        authEventsRange = Self.narrow(ranges.authEvents)
        self.id = id
        self.roomID = roomID
        self.type = type
        self.stateKey = stateKey
        self.sender = sender
        self.redacts = redacts
        self.depth = depth
        self.originServerTS = originServerTS
        self.stickiness = stickiness
        if type == EventType.roomMember, let content = try? JSONFields(scanning: bytes[ranges.content]) {
            membership = Membership(content)
            saysMembershipOnly = Self.saysMembershipOnly(content)
        } else {
            membership = nil
            saysMembershipOnly = false
        }
    }

    private static func narrow(_ range: Range<Int>) -> Range<UInt32> { UInt32(range.lowerBound)..<UInt32(range.upperBound) }

    private static func widen(_ range: Range<UInt32>) -> Range<Int> { Int(range.lowerBound)..<Int(range.upperBound) }
}

extension Event {
    /// Whether the event is part of the room's state.
    package var isState: Bool { stateKey != nil }

    /// What a state event is known by in its room; nil for others.
    package var key: StateKey? { stateKey.map { StateKey(type, $0) } }

    /// The event's content, decoded.
    package var content: JSONObject { Self.object(contentBytes) }

    /// The event's content as canonical JSON.
    package var contentBytes: ArraySlice<UInt8> { bytes[Self.widen(contentRange)] }

    /// The whole event, decoded; `hashes` and `signatures` are in it.
    package var json: JSONObject { Self.object(bytes[...]) }

    /// The events that this one follows directly.
    package var prevEvents: [EventID] { Self.eventIDs(bytes[Self.widen(prevEventsRange)]) }

    /// The events that give the sender the right to send this one.
    package var authEvents: [EventID] { Self.eventIDs(bytes[Self.widen(authEventsRange)]) }

    /// One member of the content, decoded without the others.
    package func contentMember(_ name: String) -> JSONValue? {
        guard let fields = try? JSONFields(scanning: contentBytes), let value = fields.slice(name) else { return nil }
        return try? JSONValue(parsing: value)
    }

    /// The content of a create event as the rules read it.
    var createContent: CreateContent {
        decoded.withLock { decoded in
            if case .create(let content) = decoded { return content }
            let content = CreateContent(content)
            decoded = .create(content)
            return content
        }
    }

    /// The content of a power levels event: the same as `content`, but decoded once.
    var powerLevelsContent: JSONObject {
        decoded.withLock { decoded in
            if case .powerLevels(let content) = decoded { return content }
            let content = content
            decoded = .powerLevels(content)
            return content
        }
    }

    /// Decodes what was validated when the event was made.
    private static func object(_ bytes: ArraySlice<UInt8>) -> JSONObject { (try? JSONValue(parsing: bytes))?.objectValue ?? [:] }

    private static func eventIDs(_ bytes: ArraySlice<UInt8>) -> [EventID] {
        let values = (try? JSONValue(parsing: bytes))?.arrayValue ?? []
        // Room versions 1 and 2 have pairs of ID and hashes.
        return values.compactMap { ($0.stringValue ?? $0.arrayValue?.first?.stringValue).map(EventID.init(trusted:)) }
    }
}

extension Event: Equatable {
    package static func == (a: Event, b: Event) -> Bool { a === b || a.id == b.id && a.bytes == b.bytes }
}

extension Event: CustomStringConvertible {
    package var description: String { "\(type) \(id)" }
}
