import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// Which events somebody wants: `EventFilter`, `RoomEventFilter` and `StateFilter` of the specification ("Filtering").
package struct EventFilter: Sendable {
    /// The most events, or `nil` where the endpoint decides.
    package var limit: Int?
    /// Whether only the members are wanted that one needs to show the timeline.
    package var lazyLoadsMembers: Bool
    private let types: [String]?
    private let notTypes: [String]
    private let senders: Set<String>?
    private let notSenders: Set<String>
    private let rooms: Set<String>?
    private let notRooms: Set<String>
    private let containsURL: Bool?

    /// Wants everything.
    package static let everything = EventFilter([:])

    /// Checks the JSON of a filter for the events of a room's timeline, and reads it.
    ///
    /// - Throws: `M_BAD_JSON`.
    package init(checking json: JSONObject) throws(MatrixError) {
        try FilterShape.check(["room": ["timeline": .object(json)]])
        self.init(json)
    }

    /// Reads a filter's JSON. What isn't of the expected type counts as missing; whoever stores a filter checks it before.
    package init(_ json: JSONObject) {
        func strings(_ name: String) -> [String]? { json[name]?.arrayValue?.compactMap(\.stringValue) }
        limit = json["limit"]?.integerValue.map { Int(clamping: max(0, $0)) }
        lazyLoadsMembers = json["lazy_load_members"]?.boolValue ?? false
        types = strings("types")
        notTypes = strings("not_types") ?? []
        senders = strings("senders").map(Set.init)
        notSenders = Set(strings("not_senders") ?? [])
        rooms = strings("rooms").map(Set.init)
        notRooms = Set(strings("not_rooms") ?? [])
        containsURL = json["contains_url"]?.boolValue
    }

    /// Whether events of the room are wanted.
    func wants(_ room: RoomID) -> Bool {
        rooms?.contains(room.string) != false && !notRooms.contains(room.string)
    }

    /// Whether events of the type are wanted.
    func wants(type: String) -> Bool {
        if notTypes.contains(where: { Self.matches(type, $0) }) { return false }
        return types?.contains { Self.matches(type, $0) } ?? true
    }

    /// Whether the event is wanted, whatever its room.
    func wants(_ event: StoredEvent) throws -> Bool {
        if types == nil, notTypes.isEmpty, senders == nil, notSenders.isEmpty, containsURL == nil { return true }
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let sender = fields.string("sender"), wants(type: type) else { return false }
        guard !notSenders.contains(sender), senders?.contains(sender) != false else { return false }
        guard let containsURL else { return true }
        let url = try fields.slice("content").flatMap { try JSONFields(scanning: $0).string("url") }
        return (url != nil) == containsURL
    }

    /// Whether the type is the pattern's, in which `*` stands for any characters.
    private static func matches(_ type: String, _ pattern: String) -> Bool {
        guard pattern.utf8.contains(UInt8(ascii: "*")) else { return pattern == type }
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, type.hasPrefix(first) else { return false }
        var rest = type.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
