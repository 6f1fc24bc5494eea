import MatrixProtocol
import Store
import StoredIdentifiers

/// Rooms, their short IDs, aliases and counts.
extension RoomsVerification {
    static func rooms(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        try check.each(Maps.roomIDToShortID, has: Maps.shortIDToRoomID, at: { $1 }, where: { room, _, other in room == other })
        try check.each(Maps.shortIDToRoomID, has: Maps.roomIDToShortID, at: { $1 }, where: { short, _, other in short == other })
        try check.each(Maps.roomExtremities, has: Maps.shortIDToRoomID)
        let view = RoomsView(check.reader)
        // While events are being judged again, the extremities wait for the outcome.
        try check.each(
            Maps.roomExtremities, hasAll: Maps.shortEventIDToPDUID,
            at: { room, extremities in try view.isPartial(room) ? [] : extremities.events.map(\.event) })
        try check.each(Maps.roomToStateHash, has: Maps.roomExtremities)
        try check.each(Maps.publicRooms, has: Maps.shortIDToRoomID)
        try publicRooms(&check)

        try check.each(Maps.aliasToRoomID, has: Maps.roomIDToShortID, at: { $1 })
        try check.each(Maps.aliasToRoomID, has: Maps.aliasToUserID)
        try check.each(Maps.aliasToUserID, has: Maps.aliasToRoomID)
        try check.each(
            Maps.aliasToRoomID, has: Maps.roomAliases, at: { alias, room in try view.shortID(of: room).map { TupleKey($0, alias) } })
        try check.each(Maps.roomAliases, has: Maps.aliasToRoomID, at: { key, _ in key.parts.1 })
    }

    /// Looks whether the listed rooms with members are sorted by them.
    private static func publicRooms(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        let view = RoomsView(check.reader)
        try check.each(
            Maps.publicRooms, has: Maps.publicRoomsBySize,
            at: { room, _ in
                let count = try view.joinedCount(of: room)
                return count > 0 ? FixedKey(-Int64(count), room) : nil
            })
        try check.each(Maps.publicRoomsBySize, has: Maps.publicRooms, at: { key, _ in key.parts.1 })
        try check.each(
            Maps.publicRoomsBySize, has: Maps.roomJoinedCount, at: { key, _ in key.parts.1 },
            where: { key, _, count in key.parts.0 == -Int64(clamping: count) })
        var listed = 0
        try check.walk(Maps.publicRoomsBySize) { _, entries in listed += entries.count }
        let counted = try view.publicRoomCount()
        if counted != listed { check.note(CommonMaps.global, RoomsGlobalKey.publicRoomCount, "says \(counted); there are \(listed)") }
    }

    /// Looks whether the counts are those of the entries.
    static func counts(_ check: inout ReferenceCheck) throws {
        typealias Maps = RoomsMaps
        var servers: [ShortRoomID: [ServerName: UInt64]] = [:]
        try check.walk(Maps.roomJoined) { _, entries in
            for (key, _) in entries { servers[key.parts.0, default: [:]][key.parts.1.serverName, default: 0] += 1 }
        }
        try compare(servers.mapValues { $0.values.reduce(0, +) }, Maps.roomJoinedCount, &check)
        var invited: [ShortRoomID: UInt64] = [:]
        try check.walk(Maps.roomInvited) { _, entries in
            for (key, _) in entries { invited[key.parts.0, default: 0] += 1 }
        }
        try compare(invited, Maps.roomInvitedCount, &check)

        try check.walk(Maps.roomServers) { check, entries in
            for (key, count) in entries {
                let counted = servers[key.parts.0]?.removeValue(forKey: key.parts.1) ?? 0
                if counted != count { check.note(Maps.roomServers, key, "says \(count) joined users; there are \(counted)") }
            }
        }
        for (room, servers) in servers {
            for (server, count) in servers {
                check.note(Maps.roomServers, TupleKey(room, server), "is missing: there are \(count) joined users")
            }
        }
        try check.each(Maps.roomServers, has: Maps.serverRooms, at: { key, _ in TupleKey(key.parts.1, key.parts.0) })
        try check.each(Maps.serverRooms, has: Maps.roomServers, at: { key, _ in TupleKey(key.parts.1, key.parts.0) })
    }

    private static func compare(
        _ counts: [ShortRoomID: UInt64], _ column: Column<ShortRoomID, UInt64>, _ check: inout ReferenceCheck
    ) throws {
        var uncounted = counts
        try check.walk(column) { check, entries in
            for (room, count) in entries {
                let counted = uncounted.removeValue(forKey: room) ?? 0
                if counted != count { check.note(column, room, "says \(count); there are \(counted)") }
            }
        }
        for (room, count) in uncounted { check.note(column, room, "is missing: there are \(count)") }
    }
}
