import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// The most results of one page.
    private static let searchLimitMax = 500
    /// The most events of one page, with those around the results.
    private static let searchEventsMax = 5000
    private static let searchLimitDefault = 10
    /// So many of the newest events that have the words are ranked against each other.
    private static let rankedMax = 1000

    /// Searches the rooms that the user is joined to (`POST /search`): the value of `room_events` in the answer.
    package func search(_ request: SearchRequest, for requester: Requester) throws -> [UInt8] {
        let view = database.view()
        let page = try results(of: request, in: view, for: requester)

        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("count")
        writer.integer(Int64(page.count))
        writer.key("highlights")
        writer.value(.array(request.words.map { String(decoding: $0, as: UTF8.self) }.sorted().map { .string($0) }))
        writer.key("results")
        writer.beginArray()
        for result in page.results {
            writer.beginObject()
            writer.key("rank")
            writer.value(.double(result.rank))
            writer.key("result")
            try clientEvents(view, for: requester, bundlesAggregations: true).write(result.event, roomID: result.room.room.id, to: &writer)
            if let context = request.context {
                writer.key("context")
                try write(context, of: result, for: requester, to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        if request.includesState {
            writer.key("state")
            writer.beginObject()
            for room in Dictionary(page.results.map { ($0.room.room.id, $0.room) }, uniquingKeysWith: { $1 }).values {
                writer.key(room.room.id.string)
                writer.beginArray()
                try clientEvents(view, for: requester).write(room.events(), roomID: room.room.id, to: &writer)
                writer.endArray()
            }
            writer.endObject()
        }
        if !request.grouping.isEmpty {
            writer.key("groups")
            writer.object(groups(of: page, by: request.grouping))
        }
        if let next = page.next {
            writer.key("next_batch")
            writer.string(next.text)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func searchLimitMax(with context: SearchRequest.Context?) -> Int {
        min(searchLimitMax, searchEventsMax / (1 + (context.map { $0.before + $0.after } ?? 0)))
    }

    // MARK: - Finding

    private struct SearchResult {
        let room: ReadableRoom
        let pduID: PDUID
        let event: StoredEvent
        let sender: String
        let rank: Double
    }

    private struct SearchPage {
        var results: [SearchResult] = []
        /// About how many results there are.
        var count = 0
        /// Where the next page begins; nil when this is the last one.
        var next: SearchToken?
        /// How many of a room's results, by their rank, are on this page or before it.
        var lookedAt: [ShortRoomID: Int] = [:]
    }

    private func results(of request: SearchRequest, in view: RoomsView, for requester: Requester) throws -> SearchPage {
        let joined = try view.joinedRooms(of: requester.userID).map(\.room).filter { room in
            let id = try view.roomID(of: room)
            return request.filter.wants(id) && request.token?.room.map { $0 == id.string } ?? true
        }
        var rooms: [ShortRoomID: ReadableRoom] = [:]
        let newest = request.token?.newest ?? .max
        var found = try view.search(request.words, in: joined, upTo: newest, limit: Self.rankedMax)
        // What is ranked together for the first page stays together for the following ones.
        let oldest = request.token?.oldest ?? (found.count == Self.rankedMax ? found.last?.pduID.order : nil)
        if let oldest { found.removeAll { $0.pduID.order < oldest } }
        let matches =
            request.order == .recent ? found : found.sorted { ($0.rank, $0.pduID.order) > ($1.rank, $1.pduID.order) }
        let limit = min(max(1, request.filter.limit ?? Self.searchLimitDefault), Self.searchLimitMax(with: request.context))

        var page = SearchPage(count: found.count)
        var sights: [ShortRoomID: HistorySight] = [:]
        var looked = request.order == .recent ? 0 : min(request.token?.skipped ?? 0, matches.count)
        while looked < matches.count, page.results.count < limit {
            let batch = matches[looked..<min(matches.count, looked + limit)]
            let events = try view.events(at: batch.map(\.pduID))
            for (match, event) in zip(batch, events) {
                guard page.results.count < limit else { break }
                looked += 1
                guard let event, let sender = try sender(of: event, at: match.pduID, request, &sights, in: view, for: requester) else {
                    continue
                }
                let room = try rooms[match.pduID.room] ?? readableRoom(view.roomID(of: match.pduID.room), for: requester, in: view)
                rooms[match.pduID.room] = room
                page.results.append(SearchResult(room: room, pduID: match.pduID, event: event, sender: sender, rank: match.rank))
            }
        }
        let (room, sender) = (request.token?.room, request.token?.sender)
        if looked < matches.count {
            switch request.order {
            case .recent: page.next = SearchToken(newest: matches[looked].pduID.order, room: room, sender: sender)
            case .rank:
                let newest = min(newest, found.first?.pduID.order ?? newest)
                page.next = SearchToken(newest: newest, oldest: oldest, skipped: looked, room: room, sender: sender)
                page.lookedAt = Dictionary(matches[..<looked].map { ($0.pduID.room, 1) }, uniquingKeysWith: +)
            }
        } else if let oldest {
            page.next = SearchToken(newest: oldest - 1, room: room, sender: sender)
        }
        return page
    }

    /// The sender of an event that is wanted and may be seen; nil for others.
    private func sender(
        of event: StoredEvent, at pduID: PDUID, _ request: SearchRequest, _ sights: inout [ShortRoomID: HistorySight], in view: RoomsView,
        for requester: Requester
    ) throws -> String? {
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let sender = fields.string("sender"), request.types.contains(type),
            request.token?.sender.map({ $0 == sender }) ?? true, try request.filter.wants(event, in: view)
        else { return nil }
        var sight = try sights[pduID.room] ?? sight(of: pduID.room, by: requester, in: view)
        // What an erased user has said is found by nobody who may not read it.
        let isVisible = try sight.canSee(event, at: pduID) && !sight.isErased(event, at: pduID)
        sights[pduID.room] = sight
        return isVisible ? sender : nil
    }

    // MARK: - Telling

    private func groups(of page: SearchPage, by groupings: Set<SearchRequest.Grouping>) -> JSONObject {
        var groups: JSONObject = [:]
        for grouping in groupings {
            func value(_ result: SearchResult) -> String { grouping == .room ? result.room.room.id.string : result.sender }
            var group: JSONObject = [:]
            for (index, result) in page.results.enumerated() where group[value(result)] == nil {
                let members = page.results.filter { value($0) == value(result) }
                var json: JSONObject = ["order": .integer(Int64(index)), "results": .array(members.map { .string($0.event.id.string) })]
                if var next = page.next {
                    switch grouping {
                    case .room:
                        next.room = value(result)
                        // The next page of a room's results is counted among these alone.
                        next.skipped = page.lookedAt[result.room.room.shortID] ?? 0
                    case .sender: next.sender = value(result)
                    }
                    json["next_batch"] = .string(next.text)
                }
                group[value(result)] = .object(json)
            }
            groups[grouping.rawValue] = .object(group)
        }
        return groups
    }

    private func write(
        _ context: SearchRequest.Context, of result: SearchResult, for requester: Requester, to writer: inout JSONWriter
    ) throws {
        let surroundings = try surroundings(
            of: result.pduID.order, in: result.room, before: context.before, after: context.after, filter: .everything, for: requester)
        writer.beginObject()
        try write(surroundings, of: result.room, for: requester, to: &writer)
        if context.includesProfiles {
            let events = surroundings.before.events + [result.event] + surroundings.after.events
            writer.key("profile_info")
            writer.beginObject()
            for member in try memberEvents(of: events, in: surroundings.state, result.room.view) {
                let fields = try JSONFields(scanning: member.json)
                guard let user = fields.string("state_key"), let content = fields.slice("content") else { continue }
                let profile = try JSONFields(scanning: content)
                writer.key(user)
                writer.beginObject()
                for name in [ProfileField.displayName, ProfileField.avatarURL] {
                    guard let value = profile.slice(name), value.first == UInt8(ascii: "\"") else { continue }
                    writer.key(name)
                    writer.raw(value)
                }
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
    }
}
