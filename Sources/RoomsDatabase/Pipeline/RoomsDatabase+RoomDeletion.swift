import MatrixProtocol
import Store
import StoredIdentifiers

/// Deleting a room with all that it owns.
extension RoomsDatabase {
    /// The kind of jobs that delete rooms. The argument is the short room ID.
    package static let deleteRoomJob = "delete_room"

    /// Begins the deletion of a room: from this commit on nobody finds it any more. The job does the rest.
    ///
    /// - Returns: the job, or nil when the room isn't here.
    package func beginDeletion(of room: RoomID, by jobs: Jobs) async throws -> JobID? {
        try await commit { [self] commit in
            guard let shortID = try commit.view.shortID(of: room) else { return nil }
            commit.commit.put(RoomsMaps.disabledRoomIDs, room, Empty())
            try commit.setPublic(false, shortID)
            commit.onPublication { self.forget(room) }
            return jobs.start(Self.deleteRoomJob, argument: shortID.encoded, in: commit.commit)
        }
    }

    /// Deletes a room: its members first, then its events, its states, and what is left.
    package var deletingRooms: JobKind {
        jobKind(Self.deleteRoomJob) { job, commit in
            let room = try ShortRoomID(encoded: job.argument)
            guard let id = try commit.commit.get(RoomsMaps.shortIDToRoomID, room) else { return .isDone }
            for delete in [commit.deleteMembers, commit.deleteTimeline, commit.deleteOutliers, commit.deleteStates] {
                let count = try delete(room)
                job.done += UInt64(count)
                if count > 0 { return .goesOn }
            }
            try commit.deleteRest(of: room, id)
            return .isDone
        }
    }
}

/// The steps of a deletion. Each removes as much of what there is as is enough for a commit, and says how many it has found.
extension RoomsCommit {
    /// So many entries are looked at for one commit.
    private static let lookedAtMax = 25

    fileprivate func deleteMembers(of room: ShortRoomID) throws -> Int {
        var count = 0
        for column in [RoomsMaps.roomJoined, RoomsMaps.roomInvited, RoomsMaps.roomKnocked, RoomsMaps.roomLeft] {
            var members = try view.reader.domain(column, .tuples(room))
            for (key, _) in try members.collect(limit: Self.lookedAtMax) where !commit.isHalfFull {
                try deleteMember(key.parts.1, of: room)
                count += 1
            }
        }
        return count
    }

    private func deleteMember(_ user: UserID, of room: ShortRoomID) throws {
        let (byRoom, byUser) = (TupleKey(room, user), TupleKey(user, room))
        for column in [RoomsMaps.roomJoined, RoomsMaps.roomInvited, RoomsMaps.roomKnocked, RoomsMaps.roomLeft] {
            commit.delete(column, byRoom)
        }
        commit.delete(RoomsMaps.roomOnceJoined, byRoom)
        let wasJoined = try commit.get(RoomsMaps.userJoined, byUser) != nil
        let wasInvited = try commit.get(RoomsMaps.userInvited, byUser) != nil
        commit.delete(RoomsMaps.userJoined, byUser)
        commit.delete(RoomsMaps.userInvited, byUser)
        commit.delete(RoomsMaps.userKnocked, byUser)
        commit.delete(RoomsMaps.userLeft, byUser)
        if wasJoined {
            try countJoined(-1, in: room)
            try countServer(of: user, in: room, -1)
        }
        if wasInvited { try count(RoomsMaps.roomInvitedCount, room, -1) }
        guard user.isOn(serverName) else { return }
        commit.delete(RoomsMaps.notificationCount, byUser)
        commit.delete(RoomsMaps.highlightCount, byUser)
        for event in try view.delayedEvents(of: user) {
            guard let (number, event) = try view.delayedEvent(event.id), try view.shortID(of: event.room) == room else { continue }
            try finish(event, number, .cancelled)
        }
        commit.stamp(kind: RoomsChange.membership.rawValue, scope: .user(user)) { _ in room.encoded }
        commit.onPublication { [localMembers] in localMembers.setJoined(false, user, in: room) }
    }

    fileprivate func deleteTimeline(of shortID: ShortRoomID) throws -> Int {
        // The last ones first, so that the create event, which says how the others are read, is there as long as they are.
        var newest = try view.timeline(of: shortID, .min ... .max, .backward)
        let events = try newest.collect(limit: Self.lookedAtMax)
        guard !events.isEmpty, let room = try view.room(view.roomID(of: shortID), shortID) else { return 0 }
        var count = 0
        for (pduID, event) in events where !commit.isHalfFull {
            try forgetPlace(of: event, at: pduID, in: room)
            try forget(event, in: shortID)
            count += 1
        }
        return count
    }

    fileprivate func deleteOutliers(of room: ShortRoomID) throws -> Int {
        var outliers = try view.reader.domain(RoomsMaps.roomOutliers, .fixed(room))
        var count = 0
        for (key, _) in try outliers.collect(limit: Self.lookedAtMax) where !commit.isHalfFull {
            if let stored = try view.event(key.parts.1) { try forget(stored, in: room) }
            commit.delete(RoomsMaps.roomOutliers, key)
            count += 1
        }
        return count
    }

    fileprivate func deleteStates(of room: ShortRoomID) throws -> Int {
        // What lies on other states was made after them, and goes first.
        var states = try view.reader.domain(RoomsMaps.roomStates, .fixed(room), .backward)
        let keys = try states.collect(limit: Self.lookedAtMax).map(\.key)
        for key in keys {
            let state = key.parts.1
            commit.delete(RoomsMaps.stateHashToShortID, try view.head(of: state).sum.bytes)
            commit.delete(RoomsMaps.stateLayers, .fixed(state))
            commit.delete(RoomsMaps.roomStates, key)
        }
        return keys.count
    }

    fileprivate func deleteRest(of room: ShortRoomID, _ id: RoomID) throws {
        for column in [RoomsMaps.roomJoinedCount, RoomsMaps.roomInvitedCount] { commit.delete(column, room) }
        commit.delete(RoomsMaps.roomStateKeyToEvent, .fixed(room))
        commit.delete(RoomsMaps.roomPositionToStateHash, .fixed(room))
        commit.delete(RoomsMaps.roomToStateHash, room)
        commit.delete(RoomsMaps.roomExtremities, room)
        commit.delete(RoomsMaps.eventsByTime, .fixed(room))
        commit.delete(RoomsMaps.threads, .fixed(room))
        commit.delete(RoomsMaps.searchWords, .fixed(room))
        commit.delete(RoomsMaps.referencedEvents, .fixed(room))
        commit.delete(RoomsMaps.gaps, .fixed(room))
        commit.delete(RoomsMaps.partialStates, .fixed(room))
        commit.delete(RoomsMaps.waitingEvents, .fixed(room))
        commit.delete(RoomsMaps.receipts, .tuples(room))
        commit.delete(RoomsMaps.privateRead, .tuples(room))
        commit.delete(RoomsMaps.lastPrivateRead, .tuples(room))
        commit.delete(RoomsMaps.readPositions, .tuples(room))
        commit.delete(RoomsMaps.roomInviteVia, .tuples(room))
        var aliases = try view.reader.domain(RoomsMaps.roomAliases, .tuples(room))
        for (key, _) in try aliases.collect() {
            commit.delete(RoomsMaps.aliasToRoomID, key.parts.1)
            commit.delete(RoomsMaps.aliasToUserID, key.parts.1)
            commit.delete(RoomsMaps.roomAliases, key)
        }
        commit.delete(RoomsMaps.roomIDToShortID, id)
        commit.delete(RoomsMaps.shortIDToRoomID, room)
        commit.delete(RoomsMaps.disabledRoomIDs, id)
    }
}
