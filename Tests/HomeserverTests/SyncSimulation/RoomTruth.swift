import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

@testable import Homeserver

/// What has happened in a room, event by event: what clients' views are held against.
///
/// State, memberships and what somebody may see are worked out here from the events alone, so that nothing is taken over from the code under test.
struct RoomTruth: Sendable {
    struct Entry: Sendable {
        let position: Position
        let id: String
        let type: String
        let stateKey: StateKey?
        let sender: String
        let content: JSONValue
        /// The event by which it was redacted.
        var redaction: String?

        var isMessage: Bool { type == "m.room.message" }
        var membership: String? { content["membership"]?.stringValue }
        /// The root of the thread that it is in.
        var thread: String? {
            content["m.relates_to", "rel_type"] == "m.thread" ? content["m.relates_to", "event_id"]?.stringValue : nil
        }
    }

    /// What a room is to somebody.
    struct Standing: Sendable, Equatable {
        /// nil for who never had to do with it.
        var membership: String?
        /// Since when somebody who is joined has been.
        var joinedSince: Position?
        /// When the last stay ended.
        var stayEnd: Position?
        /// The event that made it so.
        var event: String?

        var isJoined: Bool { membership == "join" }
        var isOver: Bool { membership == "leave" || membership == "ban" }
    }

    let id: RoomID
    private(set) var entries: [Entry] = []

    init(_ id: RoomID) {
        self.id = id
    }

    /// Takes in what has come since.
    mutating func catchUp(_ view: RoomsView) throws {
        guard let room = try view.shortID(of: id) else { return }
        let first = entries.last.map { PDUID.order(of: $0.position.next) } ?? .min
        var timeline = try view.timeline(of: room, first...Int64.max, .forward)
        while let (pduID, event) = try timeline.next() {
            let json = try JSONValue(parsing: event.json)
            let type = json["type"]?.stringValue ?? ""
            entries.append(
                Entry(
                    position: pduID.position, id: event.id.string, type: type,
                    stateKey: json["state_key"]?.stringValue.map { StateKey(type, $0) }, sender: json["sender"]?.stringValue ?? "",
                    content: json["content"] ?? [:]))
            if type == "m.room.redaction", let target = (json["content", "redacts"] ?? json["redacts"])?.stringValue,
                let index = entries.firstIndex(where: { $0.id == target }), entries[index].redaction == nil
            {
                entries[index].redaction = event.id.string
            }
        }
    }

    func entry(_ id: String) -> Entry? { entries.first { $0.id == id } }

    func entries(upTo position: Position) -> ArraySlice<Entry> {
        entries.prefix { $0.position <= position }
    }

    /// The IDs of the state's events.
    func state(at position: Position) -> [StateKey: String] {
        entries(upTo: position).reduce(into: [:]) { state, entry in
            if let key = entry.stateKey { state[key] = entry.id }
        }
    }

    func standing(of user: UserID, at position: Position) -> Standing {
        entries(upTo: position).filter { $0.stateKey == .member(user) }.reduce(into: Standing()) { standing, entry in
            if standing.isJoined && entry.membership != "join" { standing.stayEnd = entry.position }
            standing.joinedSince = entry.membership == "join" ? standing.joinedSince ?? entry.position : nil
            standing.membership = entry.membership
            standing.event = entry.id
        }
    }

    func members(_ membership: String, at position: Position) -> Set<String> {
        let members = entries(upTo: position).filter { $0.type == "m.room.member" }.reduce(into: [StateKey: String]()) {
            if let key = $1.stateKey { $0[key] = $1.membership }
        }
        return Set(members.filter { $0.value == membership }.keys.map(\.key))
    }

    /// What a user who is or was joined may see of the room ("Room history visibility").
    func visible(to user: UserID, at position: Position) -> [Entry] {
        let standing = standing(of: user, at: position)
        guard let end = standing.isJoined ? position : standing.stayEnd else { return [] }
        var visibility = "shared"
        var membership: String?
        return entries(upTo: end).filter { entry in
            func allows(_ visibility: String, _ membership: String?) -> Bool {
                switch visibility {
                case "world_readable": true
                case "shared": standing.isJoined || entry.position < end || membership == "join"
                case "invited": membership == "join" || membership == "invite"
                default: membership == "join"
                }
            }
            let before = (visibility, membership)
            if entry.stateKey == .historyVisibility { visibility = entry.content["history_visibility"]?.stringValue ?? "shared" }
            if entry.stateKey == .member(user) { membership = entry.membership }
            let isOwnEnd = ["leave", "ban"].contains(membership) && ["join", "invite", "knock"].contains(before.1)
            return allows(before.0, before.1) || allows(visibility, membership) || entry.stateKey == .member(user) && isOwnEnd
        }
    }
}

extension [RoomTruth.Entry] {
    var ids: [String] { map(\.id) }
}
