import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// A room's successor ("Room upgrades").
extension Rooms {
    /// The most events of the new room that are appended in one commit.
    private static let upgradeChunk = 150
    /// The most children of a space, and bans, that a new room takes over, each.
    private static let carriedOverMax = 2000

    /// Makes a room of another version that takes the room's place (`POST /rooms/{roomId}/upgrade`).
    ///
    /// The new room gets the old one's rules, looks and bans, its aliases and its place in the directory; the old one a tombstone, and
    /// is closed for messages and invites as far as the user may do that. All that others see of it happens in one commit.
    ///
    /// - Parameter additionalCreators: who are to be creators beside the user, in versions that have such.
    /// - Throws: `M_UNSUPPORTED_ROOM_VERSION`, `M_FORBIDDEN` when the user may not send a tombstone.
    package func upgrade(
        _ roomID: RoomID, to version: String, additionalCreators: [UserID], by requester: Requester
    ) async throws -> RoomID {
        try requester.checkNotSuspended()
        let version = try Self.supportedVersion(version)
        let old = try room(roomID)
        let user = requester.userID
        try await commit { commit in
            guard try commit.view.isJoined(user, to: old.shortID) else { throw Self.notInRoom }
            guard try commit.powerLevels(in: old).user(user, canSend: EventType.roomTombstone, isState: true) else {
                throw MatrixError(.forbidden, "You may not send a tombstone in this room")
            }
        }
        let successor = try successor(of: old, version: version, additionalCreators: additionalCreators, by: user)
        let room = try await commit { try $0.create(successor, withFirst: Self.upgradeChunk) }
        guard let room else { throw MatrixError(.unknown, "A room like this is being made already", status: 503) }
        var rest = successor.events.dropFirst(Self.upgradeChunk)
        while !rest.isEmpty {
            let chunk = rest.prefix(Self.upgradeChunk)
            try await commit { commit in for event in chunk { try commit.append(event, to: room) } }
            rest = rest.dropFirst(Self.upgradeChunk)
        }
        let succession = try await commit { [self] commit in
            try Succession(old: old, new: room, user: user, signingKey: signingKey, serverName: serverName).happen(in: commit)
            return try beginSuccession(to: room, for: user, commit)
        }
        await finish(succession)
        return room.id
    }

    // MARK: - The new room

    private static let carriedOver: [StateKey] = [
        .joinRules, .historyVisibility, .guestAccess, .name, .topic, .avatar, .encryption, StateKey(EventType.roomServerACL),
    ]

    /// All events of the room that is to take the old one's place.
    private func successor(
        of old: Room, version: RoomVersion, additionalCreators: [UserID], by user: UserID
    ) throws -> NewRoom {
        let view = database.view()
        do {
            var room = try beginRoom(
                version: version, content: createContent(of: old, version, additionalCreators, creator: user, in: view), creator: user,
                at: environment.clock.now(), in: view)
            let levels = SuccessorPowerLevels(
                of: try view.currentEvent(.powerLevels, in: old.shortID)?.content(), old: old, version: version, creator: user,
                additionalCreators: version.creatorsArePrivileged ? additionalCreators : [])
            try room.set(.powerLevels, levels.whileMaking)
            for (key, event) in zip(Self.carriedOver, try view.currentEvents(Self.carriedOver, in: old.shortID)) {
                if let event { try room.set(key, event.content()) }
            }
            for (key, content) in try carriedOverChildren(of: old, in: view) { try room.set(key, content) }
            for (key, content) in try carriedOverBans(of: old, in: view) { try room.set(key, content) }
            if levels.final != levels.whileMaking { try room.set(.powerLevels, levels.final) }
            return room
        } catch let error as AuthorizationError {
            throw MatrixError(.forbidden, "The new room's first events contradict each other: \(error)")
        } catch let error as EventFormatError {
            throw MatrixError(event: error)
        }
    }

    private func createContent(
        of old: Room, _ version: RoomVersion, _ additionalCreators: [UserID], creator: UserID, in view: RoomsView
    ) throws -> JSONObject {
        let before = old.create.content
        var content: JSONObject = ["room_version": .string(version.id)]
        for name in ["type", "m.federate"] { content[name] = before[name] }
        var predecessor: JSONObject = ["room_id": .string(old.id.string)]
        if !version.roomIDIsCreateHash, let last = try view.extremities(of: old.shortID).last {
            predecessor["event_id"] = .string(try view.eventIDs(of: [last.event])[0].string)
        }
        content["predecessor"] = .object(predecessor)
        if !version.creatorIsSender { content["creator"] = .string(creator.string) }
        if version.creatorsArePrivileged {
            let others = additionalCreators.filter { $0 != creator }
            if !others.isEmpty { content["additional_creators"] = .array(others.map { .string($0.string) }) }
        }
        return content
    }

    private func carriedOverChildren(of old: Room, in view: RoomsView) throws -> [(StateKey, JSONObject)] {
        let entries = try view.currentEntries(of: old.shortID, .allButMembers)
        let keys = try view.stateKeys(of: entries.map(\.key))
        let children = zip(keys, entries).filter { $0.0.type == EventType.spaceChild }.prefix(Self.carriedOverMax)
        return try zip(children, view.events(children.map(\.1.event))).compactMap { child, event in
            let content = try event.content()
            // What is left of a child that was taken away says nothing.
            return content.isEmpty ? nil : (child.0, content)
        }
    }

    private func carriedOverBans(of old: Room, in view: RoomsView) throws -> [(StateKey, JSONObject)] {
        let left = try view.leftMembers(of: old.shortID)
        var bans: [(StateKey, JSONObject)] = []
        for event in try view.currentEvents(left.map { .member($0) }, in: old.shortID) {
            guard let event, bans.count < Self.carriedOverMax else { continue }
            let member = try Event(event, in: old)
            guard member.membership == .ban, let key = member.key else { continue }
            bans.append((key, .membership(.ban, reason: member.contentMember("reason")?.stringValue)))
        }
        return bans
    }
}

/// The power levels of a room that takes another one's place.
private struct SuccessorPowerLevels {
    /// Those under which the room's first events are sent: its creator may send them all.
    let whileMaking: JSONObject
    /// Those of the old room, without the creators where these have power anyway.
    let final: JSONObject

    init(of content: JSONObject?, old: Room, version: RoomVersion, creator: UserID, additionalCreators: [UserID]) {
        var final = content ?? [:]
        var users = final["users"]?.objectValue ?? [:]
        if version.creatorsArePrivileged {
            for user in [creator] + additionalCreators { users[user.string] = nil }
        } else if old.version.creatorsArePrivileged {
            // Their power came with the version.
            for user in [old.create.sender] + CreateContent(old.create.content).additionalCreators { users[user.string] = 100 }
        }
        final["users"] = .object(users)
        self.final = final

        var whileMaking = final
        if !version.creatorsArePrivileged {
            let levels = (final["events"]?.objectValue ?? [:]).compactMap(\.value.integerValue)
            let needed = (levels + [final["state_default"]?.integerValue ?? 50, final["ban"]?.integerValue ?? 50, 100]).max() ?? 100
            if users[creator.string]?.integerValue ?? 0 < needed {
                users[creator.string] = .integer(needed)
                whileMaking["users"] = .object(users)
            }
        }
        self.whileMaking = whileMaking
    }
}

/// One room's taking the place of another.
private struct Succession: Sendable {
    let old: Room
    let new: Room
    let user: UserID
    let signingKey: SigningKey
    let serverName: ServerName

    /// Tells everybody, in one commit.
    func happen(in commit: RoomsCommit) throws {
        let tombstone: JSONObject = [
            "body": "This room has been replaced", "replacement_room": .string(new.id.string),
        ]
        try send(.tombstone, tombstone, in: old, commit)
        try moveAliases(commit)
        if try commit.view.isPublic(old.shortID) {
            try commit.setPublic(true, new.shortID)
            try commit.setPublic(false, old.shortID)
        }
        try closeOld(commit)
    }

    private func send(_ key: StateKey, _ content: JSONObject, in room: Room, _ commit: RoomsCommit) throws {
        let template = EventTemplate(type: key.type, stateKey: key.key, content: content, sender: user, roomID: room.id)
        _ = try commit.send(template, in: room, signingKey: signingKey)
    }

    /// Does what the user may do; what the rules forbid is left.
    private func sendIfAllowed(_ key: StateKey, _ content: JSONObject, in room: Room, _ commit: RoomsCommit) throws {
        do { try send(key, content, in: room, commit) } catch is AuthorizationError {}
    }

    private func moveAliases(_ commit: RoomsCommit) throws {
        let aliases = try commit.view.aliases(of: old.shortID)
        for alias in aliases {
            let creator = try commit.view.creator(of: alias) ?? user
            commit.deleteAlias(alias, of: old.shortID)
            commit.setAlias(alias, to: new, by: creator)
        }
        guard let event = try commit.view.currentEvent(.canonicalAlias, in: old.shortID) else { return }
        let content = try event.content()
        guard !content.isEmpty else { return }
        try sendIfAllowed(.canonicalAlias, content, in: new, commit)
        try sendIfAllowed(.canonicalAlias, [:], in: old, commit)
    }

    /// Has messages and invites need more power than members have who have no special one.
    private func closeOld(_ commit: RoomsCommit) throws {
        guard let event = try commit.view.currentEvent(.powerLevels, in: old.shortID) else { return }
        var content = try event.content()
        let levels = try commit.powerLevels(in: old)
        // Old versions take levels from texts, which know no bound.
        let closed = max(min(levels.usersDefault, EventContentRules.integerMax - 1) + 1, 50)
        for (name, level) in [("events_default", levels.eventsDefault), ("invite", levels.invite)] where level < closed {
            content[name] = .integer(closed)
        }
        try sendIfAllowed(.powerLevels, content, in: old, commit)
    }
}
