import CanonicalJSON
import Glibc
import Synchronization
import TestSupport
import Testing

/// The data directory of a server that was killed, with something in tables and something in logs, for tests to damage copies of it.
final class DamagedServer: Sendable {
    /// The messages in the room, the oldest first; some of the first are in tables, the last ones in the log.
    let messages: [String]
    /// So many of them are in tables.
    let messagesInTables: Int
    private let server: ServerProcess
    private let alice: MatrixTestClient
    private let room: String
    private static let paddingBytes = 3000

    private init() async throws {
        var server = try await ServerProcess.start()
        var alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": true]).ok()
        let texts = (0..<40).map { "message \($0)" }
        let inTables = texts.count / 2
        for (number, text) in texts.enumerated() {
            if number == inTables {
                let compacted = try await server.martlet("db", "compact", "--data", server.dataDirectory)
                try #require(compacted.status == .exited(0), "\(compacted.output)")
                // Opening removes the tables that are not needed any more.
                #expect(try await server.stop() == .exited(0))
                server = try await server.restart()
                alice = alice.on(server)
            }
            let content: JSONValue = ["msgtype": "m.text", "body": .string(text), "padding": .string(Self.padding())]
            try await alice.put("rooms", room, "send", "m.room.message", text, body: content).ok()
        }
        server.kill()
        (self.server, self.alice, self.room, messages, messagesInTables) = (server, alice, room, texts, inTables)
    }

    /// Something that doesn't get shorter in a table.
    private static func padding() -> String {
        String((0..<paddingBytes / 2).map { _ in "0123456789abcdefghijklmnopqrstuvwxyz".randomElement() ?? "0" })
    }

    private static let making = Mutex<Task<DamagedServer, any Error>?>(nil)

    /// The one that all tests share; its directory is removed when the tests' process exits.
    static var shared: DamagedServer {
        get async throws {
            try await making.withLock { making in
                if let making { return making }
                let task = Task { try await DamagedServer() }
                making = task
                atexit { DamagedServer.making.withLock { $0 = nil } }
                return task
            }.value
        }
    }

    /// A copy of the data directory.
    func copy() async throws -> DamagedCopy {
        let name = unique("copy")
        return DamagedCopy(original: self, server: server, name: name, path: try await server.copy(server.dataDirectory, as: name))
    }

    /// Checks that a server has the database of accounts.
    func checkAccounts(on server: ServerProcess) async throws {
        #expect(try await alice.on(server).get("user", alice.userID, "account_data", "org.example").ok() == ["kept": true])
    }

    /// The texts in the room that a server has, the oldest first.
    func messages(on server: ServerProcess) async throws -> [String] {
        try await alice.on(server).messages(in: room).chunk.messageBodies.reversed()
    }

    /// The answer to a request for the whole history.
    func history(on server: ServerProcess) async throws -> Response {
        try await alice.on(server).get("rooms", room, "messages", query: [("dir", "b"), ("limit", "1000")])
    }
}

/// A copy of a data directory, and what becomes of it.
struct DamagedCopy {
    let original: DamagedServer
    let server: ServerProcess
    let name: String
    let path: String

    /// The path of the newest log of a database that has something in it.
    func log(of database: String) throws -> String {
        let logs = try names(inDirectory: "\(path)/\(database)").filter { $0.hasSuffix(".log") }.map { "\(path)/\(database)/\($0)" }
        return try #require(try logs.last { try size(ofFile: $0) > 0 })
    }

    /// The path of a database's largest table.
    func table(of database: String) throws -> String {
        let tables = try names(inDirectory: "\(path)/\(database)").filter { $0.hasSuffix(".sst") }.map { "\(path)/\(database)/\($0)" }
        return try #require(try tables.max { try size(ofFile: $0) < size(ofFile: $1) })
    }

    /// The path of the file of a database whose name begins so.
    func file(_ prefix: String, of database: String) throws -> String {
        "\(path)/\(database)/" + (try #require(try names(inDirectory: "\(path)/\(database)").first { $0.hasPrefix(prefix) }))
    }

    /// Starts a server on it.
    func start(_ options: ServerProcess.Options = ServerProcess.Options()) async throws -> ServerProcess {
        try await ServerProcess.start(in: server.directory, dataName: name, options: options)
    }

    /// Expects that a server refuses to start on it, with a status other than 0.
    ///
    /// - Returns: what it says.
    func refusal(_ options: ServerProcess.Options = ServerProcess.Options()) async throws -> String {
        do {
            let started = try await start(options)
            Issue.record("the server has started: \(started.output)")
            return started.output
        } catch ServerProcess.Failure.ended(let status, let output) {
            #expect(status != .exited(0) && status != .signaled(SIGABRT) && status != .signaled(SIGSEGV), "\(status): \(output)")
            return output
        }
    }
}
