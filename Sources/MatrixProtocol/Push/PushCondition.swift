internal import CanonicalJSON

/// One of the things that must hold of an event for a rule to match it ("Conditions").
enum PushCondition: Sendable {
    case eventMatch(PropertyPath, Glob)
    case bodyMatch(WordPattern)
    case eventPropertyIs(PropertyPath, JSONValue)
    case eventPropertyContains(PropertyPath, JSONValue)
    case containsDisplayName
    case roomMemberCount(MemberCountRange)
    case senderNotificationPermission(String)
    /// Whether the user follows the thread that the event is in (MSC4306).
    case threadSubscription(isSubscribed: Bool)
    /// What rules of the kind `room` ask.
    case isInRoom(String)
    /// What rules of the kind `sender` ask.
    case isFrom(String)

    /// Reads a condition; nil for one that isn't known or isn't whole: it matches nothing.
    init?(_ json: JSONValue) {
        guard let json = json.objectValue, let kind = json["kind"]?.stringValue else { return nil }
        let key = json["key"]?.stringValue
        switch kind {
        case "event_match":
            guard let path = key.map(PropertyPath.init), let pattern = json["pattern"]?.stringValue else { return nil }
            self = path == .body ? .bodyMatch(WordPattern(glob: pattern)) : .eventMatch(path, Glob(pattern))
        case "event_property_is":
            guard let path = key.map(PropertyPath.init), let value = json["value"], value.isSimple else { return nil }
            self = .eventPropertyIs(path, value)
        case "event_property_contains":
            guard let path = key.map(PropertyPath.init), let value = json["value"], value.isSimple else { return nil }
            self = .eventPropertyContains(path, value)
        case "contains_display_name": self = .containsDisplayName
        case "room_member_count":
            guard let range = json["is"]?.stringValue.flatMap(MemberCountRange.init) else { return nil }
            self = .roomMemberCount(range)
        case "sender_notification_permission":
            guard let key else { return nil }
            self = .senderNotificationPermission(key)
        case "io.element.msc4306.thread_subscription":
            guard let isSubscribed = json["subscribed"]?.boolValue else { return nil }
            self = .threadSubscription(isSubscribed: isSubscribed)
        default: return nil
        }
    }

    /// Whether it holds of an event.
    func holds(of event: PushEvent, in room: some PushRoom) throws -> Bool {
        switch self {
        case .eventMatch(let path, let glob): path.value(in: event.json)?.stringValue.map(glob.matches) ?? false
        case .bodyMatch(let pattern): event.body.map(pattern.matches) ?? false
        case .eventPropertyIs(let path, let value): path.value(in: event.json) == value
        case .eventPropertyContains(let path, let value): path.value(in: event.json)?.arrayValue?.contains(value) ?? false
        case .containsDisplayName: try Self.contains(event.body, room)
        case .roomMemberCount(let range): try range.contains(room.memberCount())
        case .senderNotificationPermission(let key): try room.canNotify(event.sender, key)
        // For users whose clients know nothing of it, threads notify as ever.
        case .threadSubscription(let isWanted): try event.thread.flatMap { try room.isSubscribed(to: $0) } == isWanted
        case .isInRoom(let id): UTF8Bytes.equal(event.roomID.string, id)
        case .isFrom(let id): UTF8Bytes.equal(event.sender.string, id)
        }
    }

    private static func contains(_ body: String?, _ room: some PushRoom) throws -> Bool {
        guard let body, let name = try room.displayName(), !name.isEmpty else { return false }
        return WordPattern(literal: name).matches(in: body)
    }
}

/// How many members a room may have: a number, alone or after `==`, `<`, `>`, `<=` or `>=` (the condition `room_member_count`).
struct MemberCountRange: Sendable {
    private let range: ClosedRange<Int>

    /// Nil for what has another form.
    init?(_ text: String) {
        let sign = text.prefix { "=<>".contains($0) }
        let digits = text.dropFirst(sign.count)
        guard digits.utf8.allSatisfy(\.isASCIIDigit), let count = Int(digits), count < .max else {
            return nil
        }
        switch sign {
        case "", "==": range = count...count
        case "<": range = -1...count - 1
        case "<=": range = 0...count
        case ">": range = count + 1...Int.max
        case ">=": range = count...Int.max
        default: return nil
        }
    }

    func contains(_ count: Int) -> Bool { range.contains(count) }
}

extension JSONValue {
    /// Whether it is a value that conditions can be compared with: a string, an integer, a truth value or null.
    fileprivate var isSimple: Bool {
        switch self {
        case .null, .bool, .integer, .string: true
        case .bigInteger, .double, .array, .object: false
        }
    }
}
