extension Dispatcher {
    /// Deletes the log's oldest entries: those that every follower has seen, but the newest ones of a number in any case. A follower that is too
    /// far behind is not waited for.
    func trim() async throws {
        let cursors = followers.map { (position: $0.position, saved: $0.savedPosition) }
        let (retained, lagMax) = try bounds(slowest: cursors.map(\.position).min())
        guard let retained else { return }
        let awaited = cursors.filter { cursor in lagMax.map { cursor.position >= $0 } ?? true }
        let floor = min(retained, awaited.map(\.saved).min() ?? retained)
        guard try floor > database.snapshot().logFloor() else { return }
        try await database.commit(.relaxed) { commit in
            commit.put(CommonMaps.global, GlobalKey.logFloor, floor.encoded)
            commit.delete(CommonMaps.positionChange, KeyRange(lower: Position.zero.encoded, upper: floor.next.encoded))
        }
    }

    /// The newest position that retention lets go, and the one at which followers have to be to be waited for; each nil where the log
    /// doesn't go back that far, or nobody asks.
    private func bounds(slowest: Position?) throws -> (retained: Position?, lagMax: Position?) {
        let snapshot = database.snapshot()
        var retained: Position?
        var count = 0
        let inside = try KeyRange.all.from(snapshot.logFloor().next.encoded)
        let walk = try snapshot.cursor(through: inside, of: CommonMaps.positionChange.map, .backward)
        while let (key, _) = try walk.next() {
            let position = try Position(encoded: key)
            if count == limits.retainedEntries { retained = position }
            if count == limits.lagMaxEntries { return (retained, position) }
            if retained != nil, slowest.map({ $0 >= position }) ?? true { break }
            count += 1
        }
        return (retained, nil)
    }
}
