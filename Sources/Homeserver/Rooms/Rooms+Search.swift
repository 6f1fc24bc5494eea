import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

extension Rooms {
    /// The most results of one page.
    private static let searchLimitMax = 500
    private static let searchLimitDefault = 10
    /// So many of the newest events that have the words are ranked against each other.
    private static let rankedMax = 1000

    /// Searches the rooms that the user is joined to (`POST /search`): the value of `room_events` in the answer.
    package func search(_ request: SearchRequest, for requester: Requester) throws -> [UInt8] {
        let view = database.view()
        let words = Set(SearchWords.words(of: request.term))
        let page = try results(of: request, words, in: view, for: requester)

        var writer = JSONWriter(capacity: 16 << 10)
        writer.beginObject()
        writer.key("count")
        writer.integer(Int64(page.count))
        writer.key("highlights")
        writer.value(.array(words.map { String(decoding: $0, as: UTF8.self) }.sorted().map { .string($0) }))
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
        /// Where the next page begins; `nil` when this is the last one.
        var next: SearchToken?
    }

    private func results(
        of request: SearchRequest, _ words: Set<[UInt8]>, in view: RoomsView, for requester: Requester
    ) throws -> SearchPage {
        let joined = try view.joinedRooms(of: requester.userID).map(\.room).filter { room in
            let id = try view.roomID(of: room)
            return request.filter.wants(id) && request.token?.room.map { $0 == id.string } ?? true
        }
        var rooms: [ShortRoomID: ReadableRoom] = [:]
        let newest = request.token?.newest ?? .max
        let found = try view.search(words, in: joined, upTo: newest, limit: Self.rankedMax)
        let matches = request.order == .recent ? found : found.sorted { $0.rank > $1.rank }
        let limit = min(max(1, request.filter.limit ?? Self.searchLimitDefault), Self.searchLimitMax)

        var page = SearchPage(count: found.count)
        var sights: [ShortRoomID: HistorySight] = [:]
        var looked = request.token?.skipped ?? 0
        while looked < matches.count, page.results.count < limit {
            let batch = matches[looked..<min(matches.count, looked + limit)]
            let events = try view.reader.get(RoomsMaps.pduIDToEvent, all: batch.map(\.pduID))
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
        guard page.results.count == limit || found.count == Self.rankedMax else { return page }
        let (room, sender) = (request.token?.room, request.token?.sender)
        if looked < matches.count, request.order == .rank {
            page.next = SearchToken(newest: newest, skipped: looked, room: room, sender: sender)
        } else if let last = request.order == .recent ? matches[..<looked].last : found.last {
            page.next = SearchToken(newest: last.pduID.order - 1, room: room, sender: sender)
        }
        return page
    }

    /// The sender of an event that is wanted and may be seen; `nil` for others.
    private func sender(
        of event: StoredEvent, at pduID: PDUID, _ request: SearchRequest, _ sights: inout [ShortRoomID: HistorySight], in view: RoomsView,
        for requester: Requester
    ) throws -> String? {
        let fields = try JSONFields(scanning: event.json)
        guard let type = fields.string("type"), let sender = fields.string("sender"), request.types.contains(type),
            request.token?.sender.map({ $0 == sender }) ?? true, try request.filter.wants(event, in: view)
        else { return nil }
        var sight = try sights[pduID.room] ?? sight(of: pduID.room, by: requester, in: view)
        let isVisible = try sight.canSee(event, at: pduID)
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
                if let next = page.next {
                    let token = SearchToken(
                        newest: next.newest, skipped: next.skipped, room: grouping == .room ? value(result) : next.room,
                        sender: grouping == .sender ? value(result) : next.sender)
                    json["next_batch"] = .string(token.text)
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
