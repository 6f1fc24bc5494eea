import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import TransitoryDatabase

extension SlidingSyncRequest {
    /// The longest name of a list, a connection or a transaction, in bytes.
    private static let nameSizeMaxBytes = 64
    private static let connectionIDSizeMaxBytes = 255
    private static let listsMax = 100
    private static let rangesMax = 100
    private static let subscriptionsMax = 1000

    /// Reads the request of a user.
    ///
    /// - Throws: `M_BAD_JSON`, `M_MISSING_PARAM`, `M_INVALID_PARAM`.
    init(_ body: Body, for user: UserID) throws(MatrixError) {
        self.init()
        position = try body.optional("pos", as: .string)
        timeoutMilliseconds = try body.optional("timeout", as: .integer(in: 0...Int64.max)) ?? 0
        connectionID = try body.optional("conn_id", as: .string) ?? ""
        guard connectionID.utf8.count <= Self.connectionIDSizeMaxBytes else {
            throw MatrixError(.invalidParameter, "conn_id has at most \(Self.connectionIDSizeMaxBytes) bytes")
        }
        presence = try body.optional("set_presence", as: .choice(of: UserPresence.State.self)) ?? .online
        transactionID = try body.optional("txn_id", as: .string)
        if let sent = try body.optionalBody("lists") {
            guard sent.object.count <= Self.listsMax else {
                throw MatrixError(.invalidParameter, "A request has at most \(Self.listsMax) lists")
            }
            for name in sent.object.keys {
                guard name.utf8.count <= Self.nameSizeMaxBytes else {
                    throw MatrixError(.invalidParameter, "The name of a list has at most \(Self.nameSizeMaxBytes) bytes")
                }
                lists[name] = try RoomList(sent.requiredBody(name), for: user)
            }
            guard lists.values.reduce(0, { $0 + $1.ranges.count }) <= Self.rangesMax else {
                throw MatrixError(.invalidParameter, "A request has at most \(Self.rangesMax) ranges")
            }
        }
        if let sent = try body.optionalBody("room_subscriptions") {
            guard sent.object.count <= Self.subscriptionsMax else {
                throw MatrixError(.invalidParameter, "A request has at most \(Self.subscriptionsMax) room subscriptions")
            }
            for name in sent.object.keys {
                let wishes = try RoomWishes(sent.requiredBody(name), for: user)
                if let room = RoomID(name) { subscriptions[room] = wishes }
            }
        }
        if let sent = try body.optionalBody("extensions") { extensions = try SlidingSyncExtensions(sent) }
    }
}

extension RoomWishes {
    /// Nobody asks for so many pieces of state one by one.
    private static let requiredStateMax = 1000

    init(_ body: Body, for user: UserID) throws(MatrixError) {
        let limit = try body.required("timeline_limit", as: .integer(in: 0...1000))
        let pair = JSONShape<(type: String, key: String)>("an array of an event type and a state key") { value in
            guard let pair = value.arrayValue?.map(\.stringValue), pair.count == 2, let type = pair[0], let key = pair[1] else {
                return nil
            }
            return (type, key)
        }
        let pairs = try body.optional("required_state", as: .array(of: pair)) ?? []
        guard pairs.count <= Self.requiredStateMax else {
            throw MatrixError(.invalidParameter, "required_state has at most \(Self.requiredStateMax) elements")
        }
        self.init(timelineLimit: Int(limit), requiredState: RequiredState(pairs, for: user))
    }
}

extension RoomList {
    private static let rangesMax = 20

    init(_ body: Body, for user: UserID) throws(MatrixError) {
        let range = JSONShape<ClosedRange<Int>>("an array of two numbers from 0 on, the first of which isn't greater") { value in
            guard let bounds = value.arrayValue?.map(\.integerValue), bounds.count == 2, let first = bounds[0], let last = bounds[1],
                first >= 0, first <= last
            else { return nil }
            return Int(first)...Int(last)
        }
        let ranges = try body.optional("ranges", as: .array(of: range)) ?? []
        guard ranges.count <= Self.rangesMax else {
            throw MatrixError(.invalidParameter, "A list has at most \(Self.rangesMax) ranges")
        }
        var filter = RoomListFilter()
        if let sent = try body.optionalBody("filters") { filter = try RoomListFilter(sent) }
        self.init(ranges: ranges, filter: filter, wishes: try RoomWishes(body, for: user))
    }
}

extension RoomListFilter {
    init(_ body: Body) throws(MatrixError) {
        self.init()
        isDirect = try body.optional("is_dm", as: .bool)
        isEncrypted = try body.optional("is_encrypted", as: .bool)
        isInvite = try body.optional("is_invite", as: .bool)
        let type = JSONShape<String?>("a string or null") { value in
            if value == .null { return .some(nil) }
            guard let type = value.stringValue else { return nil }
            return .some(type)
        }
        roomTypes = try body.optional("room_types", as: .array(of: type)).map { Set($0) }
        notRoomTypes = try body.optional("not_room_types", as: .array(of: type)).map { Set($0) }
        tags = try body.optional("tags", as: .array(of: .string)).map { Set($0) }
        notTags = try body.optional("not_tags", as: .array(of: .string)).map { Set($0) }
    }
}

extension SlidingSyncExtensions {
    private static let messagesMax: Int64 = 100
    private static let threadSubscriptionsMax: Int64 = 512
    private static let stickyEventsMax: Int64 = 100
    private static let all = "*"

    init(_ body: Body) throws(MatrixError) {
        self.init()
        if let sent = try Self.enabled("to_device", in: body) {
            let limit = try sent.optional("limit", as: .integer) ?? Self.messagesMax
            toDevice = ToDevice(since: try sent.optional("since", as: .string), limit: Int(min(max(limit, 1), Self.messagesMax)))
        }
        wantsEncryption = try Self.enabled("e2ee", in: body) != nil
        if let sent = try Self.enabled("account_data", in: body) { accountData = try Self.selection(sent) }
        if let sent = try Self.enabled("receipts", in: body) { receipts = try Self.selection(sent) }
        if let sent = try Self.enabled("typing", in: body) { typing = try Self.selection(sent) }
        if let sent = try Self.enabled("io.element.msc4308.thread_subscriptions", in: body) {
            let limit = try sent.optional("limit", as: .integer(in: 1...Int64.max)) ?? 100
            threadSubscriptions = ThreadSubscriptions(limit: Int(min(limit, Self.threadSubscriptionsMax)))
        }
        if let sent = try Self.enabled("org.matrix.msc4354.sticky_events", in: body) { stickyEvents = try Self.stickyEvents(sent) }
    }

    private static func stickyEvents(_ sent: Body) throws(MatrixError) -> StickyEvents {
        let limit = try sent.optional("limit", as: .integer(in: 1...Int64.max)) ?? stickyEventsMax
        var since: SyncToken?
        if let text = try sent.optional("since", as: .string) {
            since = SyncToken(text)
            if since == nil { throw MatrixError(.invalidParameter, "The since of sticky events is not a token of this server") }
        }
        return StickyEvents(since: since, limit: Int(min(limit, stickyEventsMax)))
    }

    /// An extension's settings, where the client wants it.
    private static func enabled(_ name: String, in body: Body) throws(MatrixError) -> Body? {
        guard let sent = try body.optionalBody(name), try sent.optional("enabled", as: .bool) ?? false else { return nil }
        return sent
    }

    /// Of which rooms an extension is to tell.
    private static func selection(_ sent: Body) throws(MatrixError) -> RoomSelection {
        RoomSelection(
            lists: selection(try sent.optional("lists", as: .array(of: .string))),
            rooms: selection(try sent.optional("rooms", as: .array(of: .string))).map { Set($0.compactMap { RoomID($0) }) })
    }

    /// The names of what is selected; nil for everything.
    private static func selection(_ names: [String]?) -> Set<String>? {
        names.flatMap { $0.contains(all) ? nil : Set($0) }
    }
}
