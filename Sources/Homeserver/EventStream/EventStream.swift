import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// How clients learned of events before there was `/sync`, and how they look into rooms that they are not in ("Room previews"): an initial
/// sync, then the stream of events.
package final class EventStream: Sendable {
    let rooms: Rooms
    private let transitory: TransitoryDatabase
    let presence: Presence
    let unreadCounts: UnreadCounts
    private let longPoll: LongPoll
    private var accounts: AccountsDatabase { rooms.accounts }

    /// The most events of one answer.
    private static let eventsMax = 100
    /// The most events of a room that are looked at for one answer.
    private static let scannedMax = 1000

    init(rooms: Rooms, transitory: TransitoryDatabase, presence: Presence, unreadCounts: UnreadCounts, notifier: Notifier) {
        self.rooms = rooms
        self.transitory = transitory
        self.presence = presence
        self.unreadCounts = unreadCounts
        longPoll = LongPoll(notifier: notifier, clock: rooms.environment.clock)
    }

    /// One state of the databases, and the token that stands for it.
    struct Capture {
        let rooms: PublishedSnapshot
        let accounts: PublishedSnapshot
        let transitory: PublishedSnapshot
        let token: SyncToken
    }

    func capture() -> Capture {
        let (rooms, accounts) = (rooms.database.snapshot(), accounts.snapshot())
        let transitory = transitory.snapshot()
        return Capture(
            rooms: rooms, accounts: accounts, transitory: transitory,
            token: SyncToken(rooms: rooms.position, accounts: accounts.position, transitory: transitory.position))
    }

    /// What a sync would be made from.
    func syncCapture(_ request: SyncRequest, _ capture: Capture, for requester: Requester) -> SyncCapture {
        SyncCapture(
            request: request, requester: requester, rooms: capture.rooms, accounts: capture.accounts, transitory: capture.transitory,
            inbox: nil, unreadCounts: unreadCounts, now: rooms.environment.clock.now())
    }

    /// The events since a token (`GET /events`), as the endpoint's answer: at once when there are any, else when one comes or the time is up.
    /// What passes by in the user's rooms, and who comes and goes, is told of with them, except to who only looks into a room.
    ///
    /// - Parameters:
    ///   - from: how far the client has seen; nil for now.
    ///   - room: a room that is looked into; nil for all that the user is in.
    /// - Throws: `M_FORBIDDEN` for a room that the user may not look into.
    package func events(
        from: SyncToken?, of room: RoomID?, timeoutMilliseconds: Int64, for requester: Requester
    ) async throws -> [UInt8] {
        let from = from ?? capture().token
        let scope = try room.map { try rooms.room($0).shortID.scope }
        return try await longPoll.answer(
            waitingFor: [.user(requester.userID)] + (scope.map { [$0] } ?? []), atMost: timeoutMilliseconds
        ) {
            let capture = capture()
            let since = min(from.rooms.position, capture.rooms.position)
            let news =
                try room.map { try self.news(of: $0, since: since, capture, requester) }
                ?? self.news(since: since, from, capture, requester)
            return (try answer(news, from: from, capture, requester), !news.isEmpty)
        }
    }

    /// Events that the user may see, and up to which position these are all.
    private struct News {
        var events: [(pduID: PDUID, room: RoomID, event: StoredEvent)] = []
        /// The user's membership at each event of a timeline.
        var memberships: [ShortEventID: Membership] = [:]
        /// What is told of besides, as JSON: typing, receipts, account data, presence.
        var passing: [[UInt8]] = []
        var end: Position

        var isEmpty: Bool { events.isEmpty && passing.isEmpty }

        /// The first of the events up to the end, in the order in which they came.
        func first(_ count: Int) -> News {
            var first = self
            first.events = events.filter { $0.pduID.position <= end }.sorted { $0.pduID.order < $1.pduID.order }
            if first.events.count > count {
                first.events.removeLast(first.events.count - count)
                if let last = first.events.last { first.end = last.pduID.position }
            }
            return first
        }
    }

    private func news(since: Position, _ from: SyncToken, _ capture: Capture, _ requester: Requester) throws -> News {
        let syncCapture = syncCapture(SyncRequest(since: from), capture, for: requester)
        let transitoryLog = try syncCapture.transitoryLog()
        let ephemeral = try EphemeralDelta(syncCapture, transitoryLog)
        let accountData = try syncCapture.accountsSince.map {
            try AccountDataDelta(
                of: requester.userID, since: $0, SyncBuilder.log(of: capture.accounts, since: $0), in: capture.accounts,
                unreadCounts.pushRules)
        }
        let builder = try SyncBuilder(syncCapture, AccountDataDelta(), ephemeral)
        let view = RoomsView(capture.rooms)
        let hiddenInvites = try HiddenInvites(of: requester.userID, in: AccountsView(capture.accounts))
        var news = News(end: capture.rooms.position)
        for (room, standing) in try builder.changedRooms() {
            let id = try view.roomID(of: room)
            switch standing {
            case .joined:
                try add(PDUID.order(of: since.next)...Int64.max, of: room, id, to: &news, view, requester)
                let events = try ephemeral.events(in: room, id, since: since, builder)
                if events.areNews { news.passing += try events.events.map { try Self.naming(id, in: $0) } }
            case .left(let left):
                guard left.position > since, !left.isForgotten else { continue }
                if left.joinedUntil > since {
                    let orders = PDUID.order(of: since.next)...PDUID.order(of: left.joinedUntil)
                    try add(orders, of: room, id, to: &news, view, requester)
                }
                if left.position > left.joinedUntil { try addMembership(at: left.position, of: room, id, to: &news, view) }
            case .invited(let invite):
                guard invite.position > since, try !hiddenInvites.contains(invite) else { continue }
                try addMembership(at: invite.position, of: room, id, to: &news, view)
            case .knocked(let knock):
                if knock.position > since { try addMembership(at: knock.position, of: room, id, to: &news, view) }
            case .stranger: continue
            }
        }
        news.passing += accountData?.events ?? []
        news.passing +=
            try PresenceDelta(syncCapture, transitoryLog, newlyShared: [], builder.ignored, presence, namesUsers: true).events
        return news.first(Self.eventsMax)
    }

    /// An event that passes by, with the room that it is of.
    static func naming(_ room: RoomID, in event: [UInt8]) throws -> [UInt8] {
        var event = try JSONValue(parsing: event).objectValue ?? [:]
        event["room_id"] = .string(room.string)
        return event.encoded()
    }

    private func news(of id: RoomID, since: Position, _ capture: Capture, _ requester: Requester) throws -> News {
        let readable = try rooms.readableRoom(id, for: requester, in: RoomsView(capture.rooms))
        var news = News(end: capture.rooms.position)
        let (oldest, newest) = (PDUID.order(of: since.next), readable.newestOrder ?? .max)
        if oldest <= newest { try add(oldest...newest, of: readable.room.shortID, id, to: &news, readable.view, requester) }
        return news.first(Self.eventsMax)
    }

    private func add(
        _ orders: ClosedRange<Int64>, of room: ShortRoomID, _ id: RoomID, to news: inout News, _ view: RoomsView, _ requester: Requester
    ) throws {
        var sight = try rooms.sight(of: room, by: requester, in: view)
        var timeline = try view.timeline(of: room, orders, .forward)
        var last: Position?
        for _ in 0..<Self.scannedMax {
            guard let (pduID, event) = try timeline.next() else { return }
            if let event = try sight.see(event, at: pduID) {
                news.events.append((pduID, id, event))
                news.memberships[event.shortID] = try sight.membership(at: event, pduID)
            }
            last = pduID.position
        }
        if let last { news.end = min(news.end, last) }
    }

    /// Adds the event that has made the room something else to the user than one that it is in.
    private func addMembership(at position: Position, of room: ShortRoomID, _ id: RoomID, to news: inout News, _ view: RoomsView) throws {
        let pduID = PDUID(room: room, position: position)
        if let event = try view.event(at: pduID) { news.events.append((pduID, id, event)) }
    }

    private func answer(_ news: News, from: SyncToken, _ capture: Capture, _ requester: Requester) throws -> [UInt8] {
        let clientEvents = try rooms.clientEvents(RoomsView(capture.rooms), for: requester, memberships: news.memberships)
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("chunk")
        writer.beginArray()
        for (_, room, event) in news.events { try clientEvents.write(event, roomID: room, to: &writer) }
        for event in news.passing { writer.raw(event) }
        writer.endArray()
        writer.key("start")
        writer.string(from.description)
        writer.key("end")
        writer.string(
            SyncToken(rooms: news.end, accounts: capture.accounts.position, transitory: capture.token.transitory.position).description)
        writer.endObject()
        return writer.bytes
    }
}
