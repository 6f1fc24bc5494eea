import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Room aliases and the public room directory ("Room aliases", "Listing rooms").
package final class Directory: Sendable {
    private let rooms: Rooms
    var database: RoomsDatabase { rooms.database }
    var serverName: ServerName { rooms.serverName }

    package init(rooms: Rooms) {
        self.rooms = rooms
    }

    /// The room that an alias leads to, and the servers that are in it (`GET /directory/room/{roomAlias}`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func resolve(_ alias: RoomAlias) throws -> (room: RoomID, servers: [ServerName]) {
        guard let room = try database.view().room(of: alias) else { throw Self.noSuchAlias(alias) }
        return (room, [serverName])
    }

    private static func noSuchAlias(_ alias: RoomAlias) -> MatrixError {
        MatrixError(.notFound, "The alias \(alias) leads to no room")
    }

    /// Makes an alias (`PUT /directory/room/{roomAlias}`).
    ///
    /// - Throws: `M_INVALID_PARAM` for what can't be an alias of this server, `M_UNKNOWN` with status 409 when it is taken, `M_NOT_FOUND` for an
    ///   unknown room, `M_FORBIDDEN` for who isn't in the room.
    package func setAlias(_ alias: RoomAlias, to roomID: RoomID, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        try alias.checkMaking(on: serverName)
        guard let room = try database.room(roomID) else { throw Rooms.unknownRoom(roomID) }
        try await rooms.commit { commit in
            guard try commit.view.isJoined(requester.userID, to: room.shortID) else { throw Rooms.notInRoom }
            guard try commit.view.room(of: alias) == nil else {
                throw MatrixError(.unknown, "The alias \(alias) is taken", status: 409)
            }
            commit.setAlias(alias, to: room, by: requester.userID)
        }
    }

    /// Takes an alias away, also from the room's canonical alias (`DELETE /directory/room/{roomAlias}`). Who made it may, and who may
    /// set the room's canonical alias.
    ///
    /// - Throws: `M_NOT_FOUND`, `M_FORBIDDEN`.
    package func deleteAlias(_ alias: RoomAlias, by requester: Requester) async throws {
        guard let roomID = try database.view().room(of: alias), let room = try database.room(roomID) else {
            throw Self.noSuchAlias(alias)
        }
        let user = requester.userID
        try await rooms.commit { [rooms] commit in
            guard try commit.view.room(of: alias) == roomID else { throw Self.noSuchAlias(alias) }
            let levels = try commit.powerLevels(in: room)
            let maySetCanonical =
                try commit.view.isJoined(user, to: room.shortID) && levels.user(user, canSend: EventType.roomCanonicalAlias, isState: true)
            guard try maySetCanonical || commit.view.creator(of: alias) == user || requester.isAdmin else {
                throw MatrixError(.forbidden, "Only who made the alias, or who may set the room's canonical alias, can delete it")
            }
            commit.deleteAlias(alias, of: room.shortID)
            if maySetCanonical { try rooms.removeFromCanonicalAlias(alias, in: room, by: user, commit) }
        }
    }

    /// The aliases of this server for a room (`GET /rooms/{roomId}/aliases`).
    ///
    /// - Throws: `M_FORBIDDEN` for who can't read the room.
    package func aliases(of roomID: RoomID, for requester: Requester) throws -> [RoomAlias] {
        let readable = try rooms.readableRoom(roomID, for: requester)
        return try readable.view.aliases(of: readable.room.shortID)
    }

    /// Whether the room is in the directory (`GET /directory/list/room/{roomId}`).
    ///
    /// - Throws: `M_NOT_FOUND`.
    package func isPublic(_ roomID: RoomID) throws -> Bool {
        guard let room = try database.room(roomID) else { throw Rooms.unknownRoom(roomID) }
        return try database.view().isPublic(room.shortID)
    }

    /// Puts a room into the directory, or takes it out (`PUT /directory/list/room/{roomId}`).
    ///
    /// - Throws: `M_NOT_FOUND`, `M_FORBIDDEN` for who may not set the room's canonical alias.
    package func setPublic(_ isPublic: Bool, _ roomID: RoomID, by requester: Requester) async throws {
        try requester.checkNotSuspended()
        guard let room = try database.room(roomID) else { throw Rooms.unknownRoom(roomID) }
        try await rooms.commit { commit in
            let levels = try commit.powerLevels(in: room)
            guard try commit.view.isJoined(requester.userID, to: room.shortID),
                levels.user(requester.userID, canSend: EventType.roomCanonicalAlias, isState: true)
            else { throw MatrixError(.forbidden, "Listing the room needs the power level for its canonical alias") }
            try commit.setPublic(isPublic, room.shortID)
        }
    }
}

extension RoomAlias {
    /// Checks that a user of the server can make the alias, by whatever endpoint.
    ///
    /// - Throws: `M_INVALID_PARAM` for an alias of another server, and for one whose name is empty or has white space.
    func checkMaking(on server: ServerName) throws(MatrixError) {
        guard serverName == server else { throw MatrixError(.invalidParameter, "The aliases of \(serverName) are made there") }
        guard !localpart.isEmpty else { throw MatrixError(.invalidParameter, "An alias needs a name before its server's") }
        guard !localpart.unicodeScalars.contains(where: \.properties.isWhitespace) else {
            throw MatrixError(.invalidParameter, "An alias has no white space")
        }
    }
}

extension Rooms {
    /// Takes a deleted alias out of the room's canonical alias event, in the same commit.
    fileprivate func removeFromCanonicalAlias(_ alias: RoomAlias, in room: Room, by user: UserID, _ commit: RoomsCommit) throws {
        guard let standing = try commit.view.currentEvent(.canonicalAlias, in: room.shortID) else { return }
        var content = try standing.content()
        let before = content
        if content["alias"]?.stringValue == alias.string { content["alias"] = nil }
        if let others = content["alt_aliases"]?.arrayValue {
            let rest = others.filter { $0.stringValue != alias.string }
            content["alt_aliases"] = rest.isEmpty ? nil : .array(rest)
        }
        guard content != before else { return }
        let template = EventTemplate(
            type: EventType.roomCanonicalAlias, stateKey: "", content: content, sender: user, roomID: room.id)
        _ = try commit.send(template, in: room, signingKey: signingKey)
    }
}
