import CanonicalJSON
import MatrixProtocol

/// The events of a room that is being made, each following the one before; they become the room in one commit.
package struct NewRoom: Sendable {
    /// The rules that the room lives by.
    package let version: RoomVersion
    /// The events so far, the create event first.
    package private(set) var events: [Event] = []
    private var state: [StateKey: Event] = [:]
    private let serverName: ServerName
    private let signingKey: SigningKey
    private let originServerTS: Int64

    /// Begins a room with its create event.
    ///
    /// - Parameters:
    ///   - roomID: the room's ID; nil in room versions where it follows from the create event.
    ///   - content: the create event's content.
    ///   - originServerTS: the events' time, in milliseconds.
    /// - Throws: `AuthorizationError`, `EventFormatError`.
    package init(
        version: RoomVersion, roomID: RoomID?, creator: UserID, content: JSONObject, originServerTS: Int64, serverName: ServerName,
        signingKey: SigningKey
    ) throws {
        self.version = version
        self.serverName = serverName
        self.signingKey = signingKey
        self.originServerTS = originServerTS
        try add(EventTemplate(type: EventType.roomCreate, stateKey: "", content: content, sender: creator, roomID: roomID))
    }

    /// The room's ID.
    package var id: RoomID { events[0].roomID }

    /// The room's current event for a state key.
    package subscript(key: StateKey) -> Event? { state[key] }

    /// Adds a state event that the room's creator sends.
    ///
    /// - Throws: `AuthorizationError` when the events before don't allow it, `EventFormatError` when it can't be an event.
    package mutating func set(_ key: StateKey, _ content: JSONObject) throws {
        try add(EventTemplate(type: key.type, stateKey: key.key, content: content, sender: events[0].sender, roomID: id))
    }

    private mutating func add(_ template: EventTemplate) throws {
        let event = try Event.build(
            template, version: version, prevEvents: events.last.map { [EventReference($0, version: version)] } ?? [],
            authEvents: Authorization.authEventKeys(for: template, version: version).compactMap { key in
                state[key].map { EventReference($0, version: version) }
            },
            depth: Int64(events.count + 1), originServerTS: originServerTS, serverName: serverName, signingKey: signingKey)
        try Authorization.check(event, version: version) { state[$0] }
        events.append(event)
        if let key = event.key { state[key] = event }
    }
}

extension RoomsCommit {
    /// Makes the room with all its events.
    ///
    /// - Parameter count: how many of the first events are appended, where there are more of them than a commit can have.
    /// - Returns: nil, and nothing is written, when there is a room of that ID already.
    package func create(_ newRoom: NewRoom, withFirst count: Int = .max) throws -> Room? {
        guard try view.shortID(of: newRoom.id) == nil else { return nil }
        let room = Room(
            id: newRoom.id, shortID: try makeShortRoomID(newRoom.id), version: newRoom.version, create: newRoom.events[0])
        for event in newRoom.events.prefix(count) { try append(event, to: room) }
        return room
    }
}
