import Glibc
import MatrixProtocol
import RocksDB
import Store
import TransitoryDatabase

/// Writes to a transitory database through Store's own API until it is killed, and says what was acknowledged.
///
///     TransitoryWriter write DIRECTORY        one line "POSITION WRITER NUMBER" for each synced commit that was answered
///     TransitoryWriter list DIRECTORY FROM    one line "POSITION WRITER NUMBER" for each entry from a position on
///
/// Each writer counts: it commits one number after the other, each as an entry with a position and as its newest one. Every second commit is
/// a relaxed one, whose answer promises nothing, so it is not printed; but a later number without it would be a gap.
@main struct TransitoryWriter {
    private static let writerCount = 3
    private static let serverName = "localhost"

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { throw Failure("the arguments are: write DIRECTORY, or list DIRECTORY FROM") }
        let database = try Database(
            schema: TransitoryMaps.schema, directory: arguments[2], serverName: serverName,
            blockCache: BlockCache(capacityBytes: 1 << 20), environment: .system(), notifier: Notifier())
        defer { database.close() }
        switch arguments[1] {
        case "write": try await write(to: database)
        case "list": try list(database, from: arguments.count > 3 ? Int64(arguments[3]) ?? 0 : 0)
        default: throw Failure("\(arguments[1]) is neither write nor list")
        }
    }

    private static func write(to database: Database) async throws {
        say("open")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writerCount {
                group.addTask {
                    let user = UserID(trusted: "@writer\(writer):\(serverName)")
                    while true {
                        _ = try await commit(next: user, to: database, .relaxed)
                        let (position, number) = try await commit(next: user, to: database, .synced)
                        say("\(position) \(writer) \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Commits the number after the user's newest one.
    private static func commit(next user: UserID, to database: Database, _ durability: Durability) async throws -> (Position, UInt64) {
        try await database.commit(durability) { commit in
            let newest = try commit.get(TransitoryMaps.userIDToPresenceID, user)
            let number = try newest.map { try Self.number(at: $0, commit) + 1 } ?? 1
            let position = commit.stamp(kind: 1, scope: Scope(.user, user.encoded)) { $0.encoded }
            commit.put(TransitoryMaps.presenceIDToPresence, position, Array("\(user.localpart.dropFirst(6)) \(number)".utf8))
            commit.put(TransitoryMaps.userIDToPresenceID, user, position)
            return (position, number)
        }
    }

    private static func number(at position: Position, _ reader: some Reader) throws -> UInt64 {
        let text = try reader.get(TransitoryMaps.presenceIDToPresence, position).map { String(decoding: $0, as: UTF8.self) }
        guard let number = text?.split(separator: " ").last.flatMap({ UInt64($0) }) else {
            throw Failure("the newest entry, at \(position), is not there")
        }
        return number
    }

    private static func list(_ database: Database, from: Int64) throws {
        let snapshot = database.snapshot()
        var entries = try snapshot.domain(TransitoryMaps.presenceIDToPresence, KeyRange(lower: Position(from).encoded, upper: nil))
        while let (position, text) = try entries.next() { say("\(position) \(String(decoding: text, as: UTF8.self))") }
        for writer in 0..<writerCount {
            let user = UserID(trusted: "@writer\(writer):\(serverName)")
            guard let newest = try snapshot.get(TransitoryMaps.userIDToPresenceID, user) else { continue }
            say("newest \(newest) \(writer) \(try number(at: newest, snapshot))")
        }
    }

    /// Prints a line in one write: what was said before a kill is with the reader, and whole.
    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        precondition(Glibc.write(STDOUT_FILENO, bytes, bytes.count) == bytes.count)
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}
