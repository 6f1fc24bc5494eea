import CanonicalJSON
import MatrixProtocol
import RoomsDatabase

/// Which events somebody wants: `EventFilter`, `RoomEventFilter` and `StateFilter` of the specification ("Filtering").
package struct EventFilter: Sendable {
    /// The most events, or nil where the endpoint decides.
    package var limit: Int?
    /// Whether only the members are wanted that one needs to show the timeline.
    package var lazyLoadsMembers: Bool
    /// Whether these are wanted also when the client has been told of them.
    let includesRedundantMembers: Bool
    /// Whether unread events are counted by thread.
    let wantsUnreadThreads: Bool
    private let types: EventTypePatterns?
    private let notTypes: EventTypePatterns
    private let senders: Set<UserID>?
    private let notSenders: Set<UserID>
    private let rooms: Set<RoomID>?
    private let notRooms: Set<RoomID>
    private let containsURL: Bool?
    private let relations: RelationFilter?

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
        includesRedundantMembers = json["include_redundant_members"]?.boolValue ?? false
        wantsUnreadThreads = json["unread_thread_notifications"]?.boolValue ?? false
        func identifiers<ID: Identifier>(_ name: String) -> Set<ID>? { strings(name).map { Set($0.map(ID.init(trusted:))) } }
        types = strings("types").map(EventTypePatterns.init)
        notTypes = EventTypePatterns(strings("not_types") ?? [])
        senders = identifiers("senders")
        notSenders = identifiers("not_senders") ?? []
        rooms = identifiers("rooms")
        notRooms = identifiers("not_rooms") ?? []
        containsURL = json["contains_url"]?.boolValue
        relations = RelationFilter(json)
    }

    /// Whether events of the room are wanted.
    func wants(_ room: RoomID) -> Bool {
        rooms?.contains(room) != false && !notRooms.contains(room)
    }

    /// Whether events of the type are wanted.
    func wants(type: String) -> Bool {
        !notTypes.fit(type) && types?.fit(type) ?? true
    }

    /// Whether something that passes by is wanted, which has a type and perhaps a sender. The limit says nothing of it, as in Synapse.
    func wants(type: String, from sender: UserID?) -> Bool {
        guard wants(type: type) else { return false }
        guard let sender else { return senders == nil }
        return !notSenders.contains(sender) && senders?.contains(sender) != false
    }

    /// Whether the event is wanted, whatever its room.
    ///
    /// - Parameter view: where events that relate to it are looked up.
    func wants(_ event: StoredEvent, in view: RoomsView) throws -> Bool {
        if types == nil, notTypes.isEmpty, senders == nil, notSenders.isEmpty, containsURL == nil, relations == nil { return true }
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let sender = fields.string("sender").map(UserID.init(trusted:)), wants(type: type) else {
            return false
        }
        guard !notSenders.contains(sender), senders?.contains(sender) != false else { return false }
        if containsURL == nil, relations == nil { return true }
        let content = fields.slice("content")
        if let containsURL {
            let hasURL = try content.map { try JSONFields(scanning: $0)["url"] != nil } ?? false
            guard hasURL == containsURL else { return false }
        }
        return try relations?.wants(event, content: content, in: view) ?? true
    }
}
