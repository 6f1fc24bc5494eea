import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What a client asks of the directory (`GET` and `POST /publicRooms`).
package struct PublicRoomsRequest: Sendable {
    /// The most rooms to give; the server has a limit of its own.
    package var limit: Int?
    /// The token of a page that an earlier answer gave.
    package var since: String?
    /// A text that name, topic or alias contain.
    package var searchTerm: String?
    /// The types of rooms that are wanted, nil among them standing for rooms without one.
    package var roomTypes: [String?]?

    package init(limit: Int? = nil, since: String? = nil, searchTerm: String? = nil, roomTypes: [String?]? = nil) {
        self.limit = limit
        self.since = since
        self.searchTerm = searchTerm
        self.roomTypes = roomTypes
    }
}

extension Directory {
    /// The most rooms of a page, and how many it has when nobody says.
    package static let roomsPerPageMax = 100
    /// The most rooms that one request looks at, wanted or not.
    private static let roomsLookedAtMax = 1000

    /// A page of the directory, the rooms with most members first, as the endpoint's answer. A page can have fewer rooms than its limit,
    /// and more follow.
    ///
    /// - Parameter server: the server whose directory is wanted; nil for this one.
    /// - Throws: `M_INVALID_PARAM` when the page's token is none, `M_NOT_FOUND` for other servers.
    package func publicRooms(_ request: PublicRoomsRequest, of server: ServerName?) throws -> JSONObject {
        if let server, server != serverName { throw MatrixError(.notFound, "The directory of \(server) can't be reached") }
        let since = try request.since.map { text in
            guard let token = PublicRoomsToken(text) else { throw MatrixError(.invalidParameter, "since is not a token of this server") }
            return token
        }
        let view = database.view()
        let isBackward = since?.isBackward ?? false
        let limit = min(request.limit ?? .max, Self.roomsPerPageMax)
        var places =
            if let since, isBackward {
                try view.publicRooms(before: since.place, includingIt: true)
            } else {
                try view.publicRooms(after: since?.place)
            }

        var rooms: [RoomPreview] = []
        var seen: [PublicRoomPlace] = []
        while rooms.count < limit, seen.count < Self.roomsLookedAtMax, let place = try places.next() {
            seen.append(place)
            // Strangers can neither come to every listed room nor read it, whoever has listed it.
            guard let room = try RoomPreview(of: place.room, joinedCount: place.joinedCount, in: view), room.isOpen, room.matches(request)
            else { continue }
            rooms.append(room)
        }
        if isBackward {
            rooms.reverse()
            seen.reverse()
        }

        var answer: JSONObject = [
            "chunk": .array(rooms.map { .object($0.json) }), "total_room_count_estimate": .integer(Int64(try view.publicRoomCount())),
        ]
        if let last = seen.last {
            var after = try view.publicRooms(after: last)
            if try after.next() != nil { answer["next_batch"] = .string(PublicRoomsToken(place: last, isBackward: false).description) }
        }
        // What is before the page is also before its token, where there is nothing on the page.
        if let first = seen.first ?? (isBackward ? nil : since?.place) {
            var before = try view.publicRooms(before: first, includingIt: seen.isEmpty)
            if let place = try before.next() {
                answer["prev_batch"] = .string(PublicRoomsToken(place: place, isBackward: true).description)
            }
        }
        return answer
    }
}

/// Where a page of the directory begins: right after a room in its order, and which way it leads. Rooms that come or go elsewhere don't
/// move it.
private struct PublicRoomsToken: CustomStringConvertible {
    let place: PublicRoomPlace
    let isBackward: Bool

    init(place: PublicRoomPlace, isBackward: Bool) {
        self.place = place
        self.isBackward = isBackward
    }

    init?(_ text: String) {
        let numbers = text.dropFirst().split(separator: "_", omittingEmptySubsequences: false)
        guard let way = text.first, way == "n" || way == "p", numbers.count == 2, let count = Int(numbers[0]), count >= 0,
            let room = UInt64(numbers[1])
        else { return nil }
        self.init(place: PublicRoomPlace(room: ShortRoomID(number: room), joinedCount: count), isBackward: way == "p")
    }

    var description: String { "\(isBackward ? "p" : "n")\(place.joinedCount)_\(place.room.number)" }
}

extension RoomPreview {
    /// Whether the directory has the room for the request.
    fileprivate func matches(_ request: PublicRoomsRequest) -> Bool {
        if let types = request.roomTypes, !types.contains(json["room_type"]?.stringValue) { return false }
        guard let term = request.searchTerm?.lowercased(), !term.isEmpty else { return true }
        return ["name", "topic", "canonical_alias"].contains { json[$0]?.stringValue?.lowercased().contains(term) ?? false }
    }
}
