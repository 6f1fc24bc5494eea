import CanonicalJSON
import Homeserver
import MatrixProtocol

@testable import Homeserver

/// What a simulated client asks of `GET /sync`.
struct SyncWishes: Sendable {
    var timelineLimit = 10
    /// Which types the timeline has; nil for all.
    var types: Set<String>?
    var notSenders: Set<String> = []
    /// Which types the state has; nil for all.
    var stateTypes: Set<String>?
    var lazyLoadsMembers = false
    var section = SyncRequest.StateSection.before
    var includesLeft = false
    var wantsThreads = false

    private static let typeChoices: [Set<String>?] = [
        nil, nil, nil, ["m.room.message"], ["m.room.message", "m.room.member", "m.room.topic"], ["org.example.a", "m.room.redaction"],
    ]
    private static let stateTypeChoices: [Set<String>?] = [nil, nil, nil, ["m.room.topic", "org.example.b", "m.room.create"], []]

    init(choosing world: SimulatedWorld) {
        timelineLimit = world.one(of: [1, 2, 3, 5, 10, 20, 100])
        types = world.one(of: Self.typeChoices)
        stateTypes = world.one(of: Self.stateTypeChoices)
        lazyLoadsMembers = stateTypes == nil && world.isOnce(in: 2)
        section = world.one(of: [.before, .after, .unstableAfter])
        // A state event that is left out after one that is told can't be told of as the state before the timeline.
        if section != .before, world.isOnce(in: 3) { notSenders = [world.one(of: world.people).string] }
        includesLeft = world.isOnce(in: 2)
        wantsThreads = world.isOnce(in: 2)
    }

    /// The filter of the room's timeline.
    var timeline: JSONObject {
        var timeline: JSONObject = ["limit": .integer(Int64(timelineLimit))]
        if let types { timeline["types"] = .array(types.sorted().map { .string($0) }) }
        if !notSenders.isEmpty { timeline["not_senders"] = .array(notSenders.sorted().map { .string($0) }) }
        if wantsThreads { timeline["unread_thread_notifications"] = true }
        return timeline
    }

    var filter: JSONObject {
        var state: JSONObject = lazyLoadsMembers ? ["lazy_load_members": true] : [:]
        if let stateTypes { state["types"] = .array(stateTypes.sorted().map { .string($0) }) }
        let room: JSONObject = ["timeline": .object(timeline), "state": .object(state), "include_leave": .bool(includesLeft)]
        return ["room": .object(room)]
    }

    func wants(_ entry: RoomTruth.Entry) -> Bool {
        types?.contains(entry.type) != false && !notSenders.contains(entry.sender)
    }

    /// Whether the client always knows what the state has for a key.
    func knows(_ key: StateKey) -> Bool {
        if key.type == EventType.roomMember, lazyLoadsMembers { return false }
        return stateTypes?.contains(key.type) ?? true
    }

    /// Whether it sees when something that it has is redacted.
    var seesRedactions: Bool { types?.contains("m.room.redaction") != false && notSenders.isEmpty }
    /// Whether it is told of everything that changes a count.
    var seesCounts: Bool { types == nil && notSenders.isEmpty }
}
