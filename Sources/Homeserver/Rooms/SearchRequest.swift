import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What somebody searches the rooms for ("Server-side search").
package struct SearchRequest: Sendable {
    /// The words of `search_term`: what is found has all of them.
    package var words: Set<[UInt8]>
    /// Which types of events are searched.
    package var types: Set<String>
    package var filter: EventFilter
    package var order: Order
    /// How many events before and after each result are wanted, or nil.
    package var context: Context?
    package var includesState: Bool
    package var grouping: Set<Grouping>
    /// Where the page begins; nil for the first one.
    package var token: SearchToken?

    /// The order of the results.
    package enum Order: String, Sendable {
        case recent
        case rank
    }

    /// By what results are put together.
    package enum Grouping: String, Sendable {
        case room = "room_id"
        case sender
    }

    /// What lies around a result.
    package struct Context: Sendable {
        package var before: Int
        package var after: Int
        package var includesProfiles: Bool
    }

    /// The most events around a result, on either side.
    private static let contextMax: Int64 = 100
    private static let contextDefault: Int64 = 5
    /// The most different words of a search, and the most characters that they have with all between them.
    private static let wordsMax = 64
    private static let termMaxCharacters = 4096
    /// What can be searched, and the type of the events that have it.
    private static let types = [
        "content.body": EventType.roomMessage, "content.name": EventType.roomName, "content.topic": EventType.roomTopic,
    ]

    /// Reads `room_events` of the request's body.
    ///
    /// - Throws: `M_MISSING_PARAM` without a search term, `M_BAD_JSON` for what is of the wrong type, `M_INVALID_PARAM` for unknown values.
    package init(_ json: JSONObject, token: SearchToken?) throws(MatrixError) {
        guard let term = json["search_term"] else { throw MatrixError(.missingParameter, "Missing search_term") }
        guard let term = term.stringValue else { throw MatrixError(.badJSON, "search_term must be a string") }
        words = Set(SearchWords.words(of: String(term.prefix(Self.termMaxCharacters))))
        guard words.count <= Self.wordsMax, term.count <= Self.termMaxCharacters else {
            throw MatrixError(.invalidParameter, "search_term can have \(Self.wordsMax) words at most")
        }
        self.token = token
        types = Set(Self.types.values)
        if let keys = json["keys"] {
            guard let keys = keys.arrayValue else { throw MatrixError(.badJSON, "keys must be an array") }
            types = Set(keys.compactMap { $0.stringValue.flatMap { Self.types[$0] } })
            guard types.count == Set(keys).count else {
                throw MatrixError(.invalidParameter, "keys can be content.body, content.name and content.topic")
            }
        }
        filter = .everything
        if let json = json["filter"] {
            guard let json = json.objectValue else { throw MatrixError(.badJSON, "filter must be an object") }
            filter = try EventFilter(checking: json)
        }
        order = .rank
        if let text = json["order_by"] {
            guard let order = text.stringValue.flatMap(Order.init) else {
                throw MatrixError(.invalidParameter, "order_by must be recent or rank")
            }
            self.order = order
        }
        if let json = json["event_context"] {
            guard let json = json.objectValue else { throw MatrixError(.badJSON, "event_context must be an object") }
            func limit(_ name: String) throws(MatrixError) -> Int {
                guard let value = json[name] else { return Int(Self.contextDefault) }
                guard let limit = value.integerValue, limit >= 0 else {
                    throw MatrixError(.badJSON, "\(name) must be a number that is not negative")
                }
                return Int(min(limit, Self.contextMax))
            }
            context = Context(
                before: try limit("before_limit"), after: try limit("after_limit"),
                includesProfiles: try Self.bool("include_profile", in: json))
        }
        includesState = try Self.bool("include_state", in: json)
        guard let groupings = (json["groupings"] ?? [:]).objectValue else { throw MatrixError(.badJSON, "groupings must be an object") }
        guard let groups = (groupings["group_by"] ?? []).arrayValue else { throw MatrixError(.badJSON, "group_by must be an array") }
        grouping = Set(groups.compactMap { $0.objectValue?["key"]?.stringValue.flatMap(Grouping.init) })
        guard grouping.count == Set(groups).count else {
            throw MatrixError(.invalidParameter, "group_by can have room_id and sender")
        }
    }

    /// A switch of the request, off where nothing is said.
    private static func bool(_ name: String, in json: JSONObject) throws(MatrixError) -> Bool {
        guard let value = json[name] else { return false }
        guard let bool = value.boolValue else { throw MatrixError(.badJSON, "\(name) must be true or false") }
        return bool
    }
}

/// Where the next page of a search begins.
package struct SearchToken: Sendable, Equatable {
    /// The order of the newest event that is still to be looked at.
    let newest: Int64
    /// The order of the oldest event of those that are ranked against each other; nil for all.
    let oldest: Int64?
    /// How many results of these, by their rank, were told before.
    var skipped: Int
    /// The group that the page is of: the room's ID or the sender's.
    var room: String?
    var sender: String?

    init(newest: Int64, oldest: Int64? = nil, skipped: Int = 0, room: String? = nil, sender: String? = nil) {
        self.newest = newest
        self.oldest = oldest
        self.skipped = skipped
        self.room = room
        self.sender = sender
    }

    /// Reads what a client sends back; nil when it is no token of this server.
    package init?(_ text: String) {
        guard let bytes = Base64URL.decode(text),
            let (newest, oldest, skipped, room, sender) = try? TupleKey<Int64, Int64?, Int64, String?, String?>(decoding: bytes).parts,
            skipped >= 0, oldest != .min
        else { return nil }
        self.init(newest: newest, oldest: oldest, skipped: Int(clamping: skipped), room: room, sender: sender)
    }

    /// The token as text.
    package var text: String { Base64URL.encode(TupleKey(newest, oldest, Int64(skipped), room, sender).encoded) }
}
