import CanonicalJSON
import MatrixProtocol
import RocksDB
import Store
import TestSupport
import Testing

@testable import RoomsDatabase

/// A room as other servers have it: its events are made here, in whatever order and with whatever forks, for a test to hand them to the
/// pipeline of a database of its own.
///
/// ```swift
/// var remote = try await RemoteRoom(.v11, in: there)
/// let message = try await remote.say("hello", after: [remote.last])
/// #expect(try await here.receive(message) == .accepted)
/// ```
struct RemoteRoom {
    static let alice = UserID(trusted: "@alice:remote.example")
    static let bob = UserID(trusted: "@bob:other.example")
    static let carol = UserID(trusted: "@carol:example.org")

    let rooms: TestRooms
    let version: RoomVersion
    private(set) var room: Room
    /// All events in the order in which they were made.
    private(set) var events: [Event] = []
    private var time: Int64 = 1_000

    /// A room that Alice has made and is in, and that anybody may join.
    init(_ version: RoomVersion, powerLevels: JSONObject = [:], in rooms: TestRooms) async throws {
        self.rooms = rooms
        self.version = version
        var content: JSONObject = ["room_version": .string(version.id)]
        if !version.creatorIsSender { content["creator"] = .string(Self.alice.string) }
        var levels = powerLevels
        if !version.creatorsArePrivileged {
            var users = levels["users"]?.objectValue ?? [:]
            users[Self.alice.string] = 100
            levels["users"] = .object(users)
        }
        let roomID = version.roomIDIsCreateHash ? nil : RoomID(trusted: "!room:remote.example")
        let create = try Event.build(
            EventTemplate(type: EventType.roomCreate, stateKey: "", content: content, sender: Self.alice, roomID: roomID), version: version,
            prevEvents: [], authEvents: [], depth: 1, originServerTS: 1, serverName: Self.alice.serverName, signingKey: rooms.signingKey)
        events = [create]
        _ = try await rooms.receive(create, version)
        room = try #require(try rooms.database.room(create.roomID))
        try await send(.member(Self.alice), ["membership": "join"], by: Self.alice)
        try await send(.powerLevels, levels, by: Self.alice)
        try await send(.joinRules, ["join_rule": "public"], by: Self.alice)
    }

    /// The event that was made last.
    var last: Event { events[events.count - 1] }

    /// Makes an event after others, by default after the last one, and takes it here.
    ///
    /// - Parameter rights: the event after which the state gives the right to send it; by default the state before it does.
    @discardableResult mutating func send(
        _ type: String, _ stateKey: String?, _ content: JSONObject, by sender: UserID, after previous: [Event]? = nil,
        rights: Event? = nil, at originServerTS: Int64? = nil, redacting redacts: EventID? = nil
    ) async throws -> Event {
        let previous = previous ?? [last]
        let template = EventTemplate(
            type: type, stateKey: stateKey, content: content, sender: sender, roomID: room.id, redacts: redacts)
        let authEvents = try await rooms.commit { [room, version] commit in
            let shortIDs = try (rights.map { [$0] } ?? previous).map { try #require(try commit.view.shortID(of: $0.id)) }
            let state = try commit.state(after: shortIDs, in: room)
            return try Authorization.authEventKeys(for: template, version: version).compactMap { key in
                try commit.stateEvent(key, in: state, of: room).map { EventReference($0, version: version) }
            }
        }
        time += 1_000
        let event = try Event.build(
            template, version: version, prevEvents: previous.map { EventReference($0, version: version) }, authEvents: authEvents,
            depth: version.eventFormat.depth(after: previous.map(\.depth)), originServerTS: originServerTS ?? time,
            serverName: sender.serverName, signingKey: rooms.signingKey)
        if !events.contains(where: { $0.id == event.id }) { events.append(event) }
        _ = try await rooms.receive(event, version)
        return event
    }

    @discardableResult mutating func send(
        _ key: StateKey, _ content: JSONObject, by sender: UserID, after previous: [Event]? = nil
    ) async throws -> Event {
        try await send(key.type, key.key, content, by: sender, after: previous)
    }

    @discardableResult mutating func say(_ text: String, by sender: UserID = alice, after previous: [Event]? = nil) async throws -> Event {
        try await send(EventType.roomMessage, nil, ["msgtype": "m.text", "body": .string(text)], by: sender, after: previous)
    }

    @discardableResult mutating func join(_ user: UserID, after previous: [Event]? = nil) async throws -> Event {
        try await send(.member(user), ["membership": "join"], by: user, after: previous)
    }

    /// The state after events as the room's servers have it.
    func state(after events: Event...) async throws -> [StateKey: EventID] {
        try await rooms.commit { [room] commit in
            let shortIDs = try events.map { try #require(try commit.view.shortID(of: $0.id)) }
            return try commit.view.state(of: commit.state(after: shortIDs, in: room))
        }
    }
}

extension RemoteRoom {
    /// A room elsewhere that Bob is in too, with an empty database here; what that has at the end is verified.
    static func session(
        _ version: RoomVersion = .v11, powerLevels: JSONObject = [:], _ body: (inout RemoteRoom, TestRooms) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        try await TestRooms.session { there in
            var remote = try await RemoteRoom(version, powerLevels: powerLevels, in: there)
            try await remote.join(bob)
            try await TestRooms.session(in: directory) { here in try await body(&remote, here) }
        }
        let result = RoomsVerification.run(
            at: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: BlockCache(capacityBytes: 1 << 20))
        #expect(result.findings.isEmpty, "\(result.findings.prefix(5))")
    }

    /// The events with their auth chains, in their order.
    fileprivate func chains(of events: [Event]) -> [Event] {
        var ids = Set(events.map(\.id))
        for event in self.events.reversed() where ids.contains(event.id) { ids.formUnion(event.authEvents) }
        return self.events.filter { ids.contains($0.id) }
    }
}

extension TestRooms {
    /// Takes the state before an event, and what gives the right to it, as another server tells it.
    func takeState(
        before event: Event, of remote: RemoteRoom, without left: (StateKey) -> Bool = { _ in false }
    ) async throws -> GivenState {
        let state = try remote.rooms.state(before: event).filter { !left($0.key) }
        // Everything that came before, in its order, is the state with its auth chains.
        let needed = remote.events.filter { state.values.contains($0.id) || event.authEvents.contains($0.id) || $0.key == .create }
        for outlier in remote.chains(of: needed) { try await receiveOutlier(outlier, of: remote) }
        return GivenState(Array(state.values))
    }

    @discardableResult
    func receiveOutlier(_ event: Event, of remote: RemoteRoom) async throws -> Receipt {
        let (create, version) = (remote.room.create, remote.version)
        return try await commit { commit in try commit.receiveOutlier(event, in: commit.room(of: create, version: version)) }
    }

    /// Takes an event as it comes from another server.
    @discardableResult
    func receive(_ event: Event, _ version: RoomVersion, before given: GivenState? = nil) async throws -> Receipt {
        let taken = try Event.receive(event.json, version: version, signatures: .verified)
        return try await database.receive(taken, version: version, before: given)
    }

    /// The state before an event, by keys.
    func state(before event: Event) throws -> [StateKey: EventID] {
        try view.state(of: view.state(before: #require(try view.shortID(of: event.id))))
    }

    /// The current state of a room, by keys.
    func currentState(of room: RoomID) throws -> [StateKey: EventID] {
        try view.state(of: view.currentState(of: #require(try view.shortID(of: room))))
    }

    func extremities(of room: RoomID) throws -> Set<EventID> {
        try Set(view.eventIDs(of: view.extremities(of: #require(try view.shortID(of: room))).map(\.event)))
    }

    /// The events of a room's timeline, in its order.
    func timeline(of room: RoomID) throws -> [EventID] {
        var timeline = try view.timeline(of: #require(try view.shortID(of: room)), Int64.min...Int64.max, .forward)
        return try timeline.collect().map(\.value.id)
    }
}

extension RoomsView {
    /// A state's events by their keys.
    func state(of state: ShortStateHash) throws -> [StateKey: EventID] {
        let entries = try entries(of: state)
        return Dictionary(uniqueKeysWithValues: zip(try stateKeys(of: entries.map(\.key)), try eventIDs(of: entries.map(\.event))))
    }
}

extension Receipt {
    var isAccepted: Bool { if case .accepted = self { true } else { false } }
    var isRejected: Bool { if case .rejected = self { true } else { false } }
    var isSoftFailed: Bool { if case .softFailed = self { true } else { false } }
}
