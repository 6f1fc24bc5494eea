import MatrixProtocol
import Store
import StoredIdentifiers

/// The room's current state, and what follows it: the state by key, and memberships.
extension RoomsCommit {
    /// How it is found out what a new current state changes.
    enum StateComparison {
        /// It is this.
        case changes([StateChange])
        /// By comparison with the current state before.
        case from(ShortStateHash)
        /// By comparison with what is kept by key, which may be ahead of the current state before; memberships of our users that were
        /// told from outside are compared too.
        case withIndex
    }

    /// Makes a state the room's current one, from a position on, with everything that follows it.
    ///
    /// - Parameter appended: the event that brings it about, where there is one.
    /// - Throws: `MembershipsToWrite` when there are too many, in a room where they can be written before.
    func setCurrentState(
        of room: Room, to new: ShortStateHash, by comparison: StateComparison, at position: Position, with appended: AppendedEvent? = nil,
        _ prepared: Prepared
    ) throws {
        let changes: [StateChange]
        var mayBeAhead = false
        switch comparison {
        case .changes(let known): changes = known
        case .from(let old): changes = try view.difference(from: old, to: new)
        case .withIndex:
            changes = StateLayer.changes(from: try view.currentEntries(of: room.shortID), to: try view.entries(of: new))
            mayBeAhead = true
        }
        if changes.isEmpty && !mayBeAhead { return }
        let members = changes.filter(\.key.isMember)
        let isMuch = members.count > min(prepared.limits.memberships, CommitLimits().memberships)
        if isMuch && mayBeAhead { try leaveMemberships(members, in: room, with: appended, prepared) }
        for (key, _, event) in changes where !key.isMember { try setCurrentEvent(of: key, to: event, in: room) }
        commit.put(RoomsMaps.roomToStateHash, room.shortID, new)
        commit.put(RoomsMaps.roomPositionToStateHash, FixedKey(room.shortID, position), new)
        func takeMemberships() throws {
            for (key, _, event) in members { try setCurrentEvent(of: key, to: event, in: room) }
            for (key, _, event) in members {
                try takeMembership(of: key, from: event, in: room, at: position, by: appended)
            }
        }
        // So many change at once where servers that had lost sight of each other meet again.
        if isMuch { try commit.uncounted(takeMemberships) } else { try takeMemberships() }
        if mayBeAhead { try takeOwnMemberships(in: room, at: position) }
    }

    /// Takes over the event that the current state has for a key.
    func setCurrentEvent(of key: ShortStateKey, to event: ShortEventID?, in room: Room) throws {
        if let event {
            commit.put(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, key), event)
        } else {
            commit.delete(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, key))
        }
    }

    /// Leaves memberships to commits before this one, if those of users of other servers are too many.
    private func leaveMemberships(_ members: [StateChange], in room: Room, with appended: AppendedEvent?, _ prepared: Prepared) throws {
        let keys = try view.stateKeys(of: members.map(\.key))
        let others = zip(keys, members).filter { !UserID(trusted: $0.key).isOn(serverName) && $1.new != appended?.shortID }
        guard others.count > prepared.limits.memberships else { return }
        throw MembershipsToWrite(memberships: others.map { (UserID(trusted: $0.key), $1) }, room: room)
    }

    /// Takes over the membership that the current state has for a key.
    private func takeMembership(
        of key: ShortStateKey, from event: ShortEventID?, in room: Room, at position: Position, by appended: AppendedEvent?
    ) throws {
        if let appended, appended.shortID == event {
            guard let user = appended.event.stateKey, let membership = appended.event.membership else { return }
            return try setMembership(of: UserID(trusted: user), in: room.shortID, to: membership, at: position)
        }
        // A state that no longer has a membership says the same as one that the user has left.
        let membership = try event.map { try parsedEvent($0, in: room)?.membership } ?? .leave
        guard let membership, let user = try view.stateKeys(of: [key]).first?.key else { return }
        try setMembership(of: UserID(trusted: user), in: room.shortID, to: membership, at: position)
    }

    /// Takes over what the current state says of those of our users who have had to do with the room.
    private func takeOwnMemberships(in room: Room, at position: Position) throws {
        for user in try view.knownUsers(of: serverName, in: room.shortID) {
            let event = try view.currentEventID(.member(user), in: room.shortID)
            let membership = try event.map { try parsedEvent($0, in: room)?.membership } ?? .leave
            guard let membership, try !view.standing(of: user, in: room.shortID).isOf(membership) else { continue }
            try setMembership(of: user, in: room.shortID, to: membership, at: position)
        }
    }
}

extension RoomsView.Standing {
    /// Whether it is what the membership makes of a user.
    package func isOf(_ membership: Membership) -> Bool {
        switch self {
        case .joined: membership == .join
        case .invited: membership == .invite
        case .knocked: membership == .knock
        case .left: membership == .leave || membership == .ban
        case .stranger: false
        }
    }
}
