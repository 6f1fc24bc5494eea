import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// `martlet db`: looking into the databases of a running server, and of a stopped one.
@Suite(.fewAtATime) struct DBCommandTests {
    @Test func aRunningAndAStoppedServersEntriesAreTheSame() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        for number in 1...3 { try await alice.send("message \(number)", to: room) }

        func look() async throws -> [[JSONValue]] {
            let short = try await server.objects("db", "get", "roomid_shortroomid", room)
            let number = try #require(short.first?["value"]?.integerValue)
            let members = try await server.objects("db", "scan", "roomuserid_joined", "[\(number)]")
            #expect(members.count == 1)
            #expect(members.first?["key"] == [.integer(number), .string(alice.userID)])
            let text = try await server.run("db", "get", "roomuserid_joined", #"[\#(number),"\#(alice.userID)"]"#)
            #expect(text.status == .exited(0))
            #expect(text.output == "\(members.first?["value"]?.integerValue ?? 0)\n")

            let timeline = try await server.objects("db", "scan", "pduid_pdu", "\(number)", "--reverse", "--limit", "2")
            let bodies = timeline.map { $0["value", "event", "content", "body"]?.stringValue }
            #expect(bodies == ["message 3", "message 2"])
            let identities = try await server.objects("db", "scan", "global", "server_name", "--database", "accounts")
            #expect(identities == [["key": "server_name", "value": "localhost"]])
            return [short, members, timeline, try await server.objects("db", "scan", "userid_password", alice.userID)]
        }
        let running = try await look()
        #expect(try await server.stop() == .exited(0))
        #expect(try await look() == running)
        // Nothing was changed: the server goes on.
        let again = try await server.restart()
        #expect(try await alice.on(again).messages(in: room).chunk.messageBodies == ["message 3", "message 2", "message 1"])
    }

    @Test func everyMapHasFigures() async throws {
        let server = try await ServerProcess.start()
        _ = try await server.newUser("alice")
        let statistics = try #require(try await server.objects("db", "stats").first)
        #expect(statistics["running"] == true)
        let databases = statistics["databases"]?.arrayValue ?? []
        #expect(databases.map { $0["name"]?.stringValue } == ["rooms", "accounts", "transitory"])
        let maps = databases.flatMap { $0["maps"]?.arrayValue ?? [] }
        #expect(maps.count > 100)
        #expect(
            maps.allSatisfy { map in
                ["keys", "disk_bytes", "memtable_bytes", "table_reader_bytes", "cache_hits", "cache_misses"]
                    .allSatisfy { map[$0]?.integerValue != nil }
            })
        let table = try await server.run("db", "stats")
        #expect(table.status == .exited(0))
        for map in maps { #expect(table.output.contains("\n  \(map["name"]?.stringValue ?? "?") ")) }
    }

    @Test func compactingPutsEntriesIntoTables() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        func size() async throws -> Int64? {
            let databases = try await server.objects("db", "stats").first?["databases"]?.arrayValue ?? []
            let maps = databases.flatMap { $0["maps"]?.arrayValue ?? [] }
            return maps.first { $0["name"] == "pduid_pdu" }?["disk_bytes"]?.integerValue
        }
        #expect(try await server.run("db", "compact", "pduid_pdu").status == .exited(0))
        let before = try #require(try await size())
        #expect(before > 0)
        for number in 1...20 { try await alice.send("\(number) \(String(repeating: "x", count: 1000))", to: room) }
        #expect(try await server.stop() == .exited(0))
        #expect(try await server.run("db", "compact").status == .exited(0))
        #expect(try #require(try await size()) > before)
        let again = try await server.restart()
        #expect(try await alice.on(again).messages(in: room, limit: 100).chunk.messageBodies.count == 20)
    }

    @Test func mistakesAreExplained() async throws {
        let server = try await ServerProcess.start()
        func fails(_ arguments: String..., saying text: String) async throws {
            let (status, output) = try await server.martlet(arguments)
            #expect(status == .exited(1))
            #expect(output.contains(text), "\(output)")
        }
        let data = server.dataDirectory
        for _ in 1...2 {
            try await fails("db", "get", "pduid_pud", "1", "--data", data, saying: "there is no map pduid_pud; the closest are pduid_pdu, ")
            try await fails(
                "db", "get", "roomuserid_joined", "@alice:localhost", "--data", data, saying: "its keys are [short room ID, user ID]")
            try await fails("db", "get", "roomid_shortroomid", "!none", "--data", data, saying: "roomid_shortroomid has nothing at !none")
            try await fails("db", "scan", "global", "--data", data, saying: "name one of rooms, accounts, transitory")
            // The second time, of the stopped server.
            _ = try await server.stop()
        }
        try await fails("db", "stats", "--data", "\(data)/missing", saying: "there is no data directory at \(data)/missing")
        #expect(access("\(data)/missing", F_OK) != 0)
    }

    @Test func theControlSocketIsItsOwnersAloneAndGoesWithTheServer() async throws {
        let server = try await ServerProcess.start()
        let path = "\(server.dataDirectory)/control.sock"
        func mode() -> UInt32? {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode : nil
        }
        #expect(mode() == S_IFSOCK | 0o600)
        // A second server neither starts nor touches the first one's socket.
        await #expect(throws: ServerProcess.Failure.self) { try await ServerProcess.start(in: server.directory) }
        #expect(try await server.run("db", "stats").status == .exited(0))

        // What a killed server leaves behind is no server, and is replaced by the next one.
        server.kill()
        #expect(mode() == S_IFSOCK | 0o600)
        #expect(try await server.objects("db", "stats").first?["running"] == false)
        let again = try await server.restart()
        #expect(try await again.objects("db", "stats").first?["running"] == true)
        #expect(mode() == S_IFSOCK | 0o600)
        #expect(try await again.stop() == .exited(0))
        #expect(mode() == nil)
        #expect(access("\(server.dataDirectory)/control.new", F_OK) != 0)
    }

    @Test func theDataDirectorysPathMayBeLong() async throws {
        let server = try await ServerProcess.start(dataName: String(repeating: "long", count: 50))
        #expect(try await server.objects("db", "stats").first?["running"] == true)
        #expect(try await server.stop() == .exited(0))
    }

    @Test func aStoppedServersDirectoryIsHeldMeanwhile() async throws {
        let server = try await ServerProcess.start()
        #expect(try await server.stop() == .exited(0))
        // The lock is held as a command holds it, with no socket to ask.
        let lock = open("\(server.dataDirectory)/lock", O_RDWR | O_CLOEXEC)
        try #require(lock >= 0)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        let refused = try await server.run("db", "stats")
        #expect(refused.status == .exited(1))
        #expect(refused.output.contains("has no control socket"))
    }
}

extension ServerProcess {
    /// Runs a command about the server's data directory, whether the server runs or not.
    fileprivate func run(_ arguments: String...) async throws -> (status: ChildProcess.ExitStatus, output: String) {
        try await martlet(arguments + ["--data", dataDirectory])
    }

    /// The JSON objects that such a command prints, one on a line.
    fileprivate func objects(_ arguments: String...) async throws -> [JSONValue] {
        let (status, output) = try await martlet(arguments + ["--data", dataDirectory, "--json"])
        try #require(status == .exited(0), "\(output)")
        return try output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }
}
