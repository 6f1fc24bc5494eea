import MatrixProtocol
import Store

/// Who is typing in a room, as it was told last ("Typing Notifications"): the room's stream, with one key, of which the latest message counts.
enum TypingUsers {
    /// The key under which the list is.
    static let key = "m.typing"
    /// The stream stays: who types for long says so again and again, of which the stream hears nothing.
    static let lifetimeMilliseconds: Int64 = 0

    /// What separates users; no user ID has it.
    private static let separator: UInt8 = 0

    /// The list as a message of the stream: the users' IDs, with zero bytes between them.
    static func value(_ users: [UserID]) -> [UInt8] {
        Array(users.map(\.string.utf8).joined(separator: [separator]))
    }

    /// Reads a message of the stream.
    static func users(_ value: [UInt8]) throws -> [UserID] {
        try value.split(separator: separator).map { UserID(trusted: try String(encoded: Array($0))) }
    }
}

extension Reader {
    /// Who is typing in a room, by their IDs.
    ///
    /// - Parameter room: the room's scope, as the rooms database has it.
    package func typingUsers(in room: Scope) throws -> [UserID] {
        try streamMessages(of: TypingUsers.key, in: room).last.map { try TypingUsers.users($0.value) } ?? []
    }
}
