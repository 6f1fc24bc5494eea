import MatrixProtocol
import Store

extension TransitoryDatabase {
    /// Tells who is typing in rooms, where that is not what was told last.
    ///
    /// - Parameter users: who is typing in a room, by their IDs; it is asked within the commit, so that the last answer is the one that stays.
    package func tellTyping(in rooms: [Scope], _ users: @escaping @Sendable (Scope) -> [UserID]) async throws {
        try await database.commit(.relaxed) { [streams] commit in
            for room in rooms {
                let typing = users(room)
                guard try commit.typingUsers(in: room) != typing else { continue }
                let push = StreamPush(key: TypingUsers.key, value: TypingUsers.value(typing), action: .replace)
                try streams.push([push], to: room, lifetime: TypingUsers.lifetimeMilliseconds, in: commit)
            }
        }
    }

    /// The rooms in which, as was told last, somebody is typing.
    package func roomsWithTyping() throws -> [Scope] {
        let snapshot = database.snapshot()
        var rooms = try snapshot.domain(TransitoryMaps.streams, .prefix([Scope.Kind.room.rawValue]))
        return try rooms.collect().map(\.key).filter { try !snapshot.typingUsers(in: $0).isEmpty }
    }
}
