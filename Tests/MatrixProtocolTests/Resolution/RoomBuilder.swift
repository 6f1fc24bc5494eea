import CanonicalJSON
import MatrixProtocol
import Testing

/// Makes a room's events, with forks where tests want them.
///
/// ```swift
/// var room = try RoomBuilder(.v10)
/// let ban = try room.send("m.room.member", bob, ["membership": "ban"], by: alice, after: [room.last])
/// ```
struct RoomBuilder {
    static let alice = "@alice:example.org"

    private(set) var graph: RoomGraph
    /// The time of the next event, in milliseconds.
    var time: Int64 = 1_000
    /// The event that was made last.
    private(set) var last: EventID

    var version: RoomVersion { graph.version }

    /// A room that alice made, is in and has all power in; anybody can join.
    init(_ version: RoomVersion, createContent: JSONObject = [:], powerLevels: JSONObject = [:]) throws {
        graph = RoomGraph(version: version)
        last = EventID(trusted: "$none")
        var content = createContent
        content["room_version"] = .string(version.id)
        if !version.creatorIsSender { content["creator"] = .string(Self.alice) }
        var levels = powerLevels
        if !version.creatorsArePrivileged {
            var users = levels["users"]?.objectValue ?? [:]
            users[Self.alice] = 100
            levels["users"] = .object(users)
        }
        try send("m.room.create", "", content, by: Self.alice, after: [])
        try send("m.room.member", Self.alice, ["membership": "join"], by: Self.alice)
        try send("m.room.power_levels", "", levels, by: Self.alice)
        try send("m.room.join_rules", "", ["join_rule": "public"], by: Self.alice)
    }

    /// Makes an event after others, by default after the last one.
    ///
    /// - Parameters:
    ///   - rights: the state whose events give the right to send it; by default the state before the event.
    ///   - at: its time; by default later than that of the event made before it.
    ///   - id: its ID, in versions where that is chosen.
    @discardableResult mutating func send(
        _ type: String, _ stateKey: String?, _ content: JSONObject, by sender: String, after previous: [EventID]? = nil,
        rights: RoomGraph.State? = nil, at: Int64? = nil, id: String? = nil
    ) throws -> EventID {
        let previous = previous ?? [last]
        let template = EventTemplate(
            type: type, stateKey: stateKey, content: content, sender: UserID(trusted: sender), roomID: try roomID(ofCreate: type))
        let state = try rights ?? graph.resolve(previous.map { try #require(graph.stateAfter[$0]) })
        func reference(_ id: EventID) throws -> EventReference { EventReference(try #require(graph.events[id]), version: version) }
        var event = try Event.build(
            template, version: version, prevEvents: try previous.map(reference),
            authEvents: try Authorization.authEventKeys(for: template, version: version).compactMap { try state[$0].map(reference) },
            depth: version.eventFormat.depth(after: previous.compactMap { graph.events[$0]?.depth }), originServerTS: at ?? time,
            serverName: template.sender.serverName, signingKey: SigningVectorTests.signingKey())
        if let id {
            var object = event.json
            object["event_id"] = .string(id)
            event = try Event(object, version: version)
        }
        time += 1_000
        try graph.add(event)
        last = event.id
        return event.id
    }

    private func roomID(ofCreate type: String) throws -> RoomID? {
        if let create = graph.create { return create.roomID }
        return version.roomIDIsCreateHash ? nil : RoomID(trusted: "!room:example.org")
    }

    @discardableResult mutating func join(_ user: String, after previous: [EventID]? = nil) throws -> EventID {
        try send("m.room.member", user, ["membership": "join"], by: user, after: previous)
    }

    /// The resolution of the states after these events.
    func state(after events: EventID...) throws -> RoomGraph.State {
        try graph.resolve(events.map(state))
    }

    /// The state after one event.
    func state(_ event: EventID) throws -> RoomGraph.State { try #require(graph.stateAfter[event]) }
}
