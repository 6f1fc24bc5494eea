import MatrixProtocol
import Store
import StoredIdentifiers

/// What takes too long within a commit, and is done before it.
extension RoomsDatabase {
    /// How often a commit is tried again with what it has found to be done before it.
    private static let attemptsMax = 10

    /// Runs `body` as a commit, after what turns out to be too much for it.
    ///
    /// - Parameters:
    ///   - room: whose events these are.
    ///   - events: those that the commit takes, which nothing is known of yet.
    ///   - given: the states before some of them, as other servers tell them.
    /// - Throws: `PipelineError.roomIsBusy` when others have changed the room each time in between.
    func commit<Result: Sendable>(
        in room: RoomID, taking events: [Event] = [], given: [EventID: GivenState] = [:], within limits: CommitLimits,
        _ body: @escaping @Sendable (RoomsCommit, Prepared) throws -> Result
    ) async throws -> Result {
        var prepared = Prepared(limits)
        var newcomers: [ShortEventID: Event]?
        for _ in 0..<Self.attemptsMax {
            do {
                return try await commit { [prepared] commit in try body(commit, prepared) }
            } catch let states as StatesToResolve {
                // What a commit has named that came to nothing has another number the next time.
                guard let named = newcomers else {
                    let names = try await commit { commit in try events.map { try commit.name($0) } }
                    newcomers = Dictionary(zip(names, events)) { first, _ in first }
                    continue
                }
                prepared.add(try resolve(states, with: named), of: states)
            } catch let state as GivenStateToKeep {
                prepared.add(try await keep(state.given, in: state.room), before: state.event)
            } catch let memberships as MembershipsToWrite {
                // The same goes for state keys that it has named.
                let unkept = given.filter { prepared.givenState(before: $0.key) == nil }
                for (event, state) in unkept { prepared.add(try await keep(state, in: memberships.room), before: event) }
                if unkept.isEmpty { try await writeAhead(memberships) }
            }
        }
        throw PipelineError.roomIsBusy(room)
    }

    /// What the states resolve to, as of what is published.
    func resolve(_ states: StatesToResolve, with newcomers: [ShortEventID: Event]) throws -> [StateEntry] {
        let view = view()
        return try StateResolution.resolve(
            states.states.map { try $0.entries(view) }, version: states.room.version,
            events: RoomEvents(view: view, room: states.room, cache: authEvents, newcomers: newcomers))
    }

    /// Takes over memberships by commits of their own, ahead of the one that makes them count.
    private func writeAhead(_ all: MembershipsToWrite) async throws {
        var rest = all.memberships[...]
        while !rest.isEmpty {
            let count = try await commit { [rest] commit in try commit.writeAhead(rest, in: all.room) }
            rest = rest.dropFirst(count)
        }
    }
}

extension RoomsCommit {
    /// Whether the memberships that are kept by key and by user may be ahead of the room's current state: this server is only entering it, or
    /// the state lacks members.
    func areMembersAhead(in room: Room) throws -> Bool {
        try view.isPartial(room.shortID) || !view.isInRoom(serverName, room.shortID)
    }

    /// Takes over some memberships of users of other servers that are not in the room's current state yet.
    ///
    /// The event that makes them count compares what is kept by key with the new state, so it doesn't matter how far this has come.
    ///
    /// - Returns: how many of them are done with.
    func writeAhead(_ memberships: ArraySlice<(user: UserID, change: StateChange)>, in room: Room) throws -> Int {
        guard try areMembersAhead(in: room) else { return memberships.count }
        let position = commit.stamp(kind: RoomsChange.state.rawValue, scope: room.shortID.scope) { _ in [] }
        var count = 0
        for (user, change) in memberships {
            if commit.isHalfFull { break }
            count += 1
            // What has happened since is newer.
            guard try commit.get(RoomsMaps.roomStateKeyToEvent, FixedKey(room.shortID, change.key)) == change.old else { continue }
            let membership = try change.new.map { try view.event($0).flatMap { try Event($0, in: room).membership } } ?? .leave
            try setCurrentEvent(of: change.key, to: change.new, in: room)
            if let membership { try setMembership(of: user, in: room.shortID, to: membership, at: position) }
        }
        return count
    }
}
