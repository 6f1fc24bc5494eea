import CanonicalJSON
import Glibc
import Synchronization
import TestSupport
import Testing

/// Backups by the program's commands, of a server that runs and of one that is stopped.
@Suite(.fewAtATime) struct BackupTests {
    @Test(.timeLimit(.minutes(10)))
    func aCopyOfABackupIsAWorkingServer() async throws {
        let server = try await ServerProcess.start()
        let (alice, bob) = (try await server.newUser("alice"), try await server.newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        try await alice.put("user", alice.userID, "account_data", "org.example", body: ["kept": true]).ok()
        let before = try await bob.sync().nextBatch

        // Messages that were answered, while the backup is made.
        let answered = Answered()
        let backup = "\(server.directory.path)/backup"
        let answeredBefore = try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<3 {
                group.addTask {
                    for number in 0..<60 {
                        let text = "\(sender) \(number)"
                        try await alice.send(text, to: room)
                        answered.add(text)
                    }
                }
            }
            while answered.all.count < 20 { try await Task.sleep(for: .milliseconds(2)) }
            let answeredBefore = answered.all
            let made = try await server.martlet("backup", "create", backup, "--data", server.dataDirectory, "--json")
            try #require(made.status == .exited(0), "\(made.output)")
            let marker = try JSONValue(parsing: Array(made.output.utf8))
            #expect(marker["path"]?.stringValue == backup && marker["server_name"] == "localhost")
            #expect((marker["pause_ms"]?.integerValue ?? -1) >= 0)
            try await group.waitForAll()
            return answeredBefore
        }
        let after = try await bob.sync(since: before).nextBatch
        server.kill()

        _ = try await server.copy(backup, as: "copy")
        let copy = try await ServerProcess.start(in: server.directory, dataName: "copy")
        let copiedAlice = alice.on(copy)
        let copiedBob = bob.on(copy)

        // What was answered before is there, each once, and nothing is there without what came before it.
        var kept: [String] = []
        var token = before
        while true {
            let answer = try await copiedBob.sync(since: token, filter: ["room": ["timeline": ["limit": 1000]]])
            guard answer.joined(room) != nil else { break }
            #expect(answer.joined(room)?["timeline", "limited"] == false)
            kept += answer.timeline(room).messageBodies
            token = answer.nextBatch
        }
        #expect(Set(kept).count == kept.count)
        #expect(Set(kept).isSuperset(of: answeredBefore))
        for sender in 0..<3 {
            let numbers = kept.filter { $0.hasPrefix("\(sender) ") }
            #expect(numbers == numbers.indices.map { "\(sender) \($0)" })
        }
        #expect(try await copiedBob.messages(in: room, limit: 1000).chunk.messageBodies.reversed() == kept)
        #expect(try await copiedAlice.get("user", alice.userID, "account_data", "org.example").ok() == ["kept": true])

        // A token from after the backup goes on with what comes now.
        #expect(try await copiedBob.sync(since: after).joined(room) == nil)
        try await copiedAlice.send("after", to: room)
        #expect(try await copiedBob.sync(since: after, timeout: 30_000).timeline(room).messageBodies == ["after"])
        #expect(try await copiedBob.sync(since: token, timeout: 30_000).timeline(room).messageBodies == ["after"])

        // The backup itself is as it was; the copy is a server's now.
        let verified = try await server.martlet("backup", "verify", backup, "--json")
        #expect(verified.status == .exited(0), "\(verified.output)")
        #expect(try JSONValue(parsing: Array(verified.output.utf8))["ok"] == true)
        #expect(try await server.martlet("backup", "verify", "\(server.directory.path)/copy").status != .exited(0))
        let checked = try await server.martlet("db", "verify", "--data", copy.dataDirectory)
        #expect(checked.status == .exited(0), "\(checked.output)")
    }

    @Test(.timeLimit(.minutes(10)))
    func aStoppedServersBackupIsListedAndRestored() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        try await alice.send("kept", to: room)
        #expect(try await server.stop() == .exited(0))
        let folder = "\(server.directory.path)/backups"
        try #require(mkdir(folder, 0o700) == 0)
        let made = try await server.martlet("backup", "create", "\(folder)/first", "--data", server.dataDirectory)
        try #require(made.status == .exited(0), "\(made.output)")

        let listed = try await server.martlet("backup", "list", folder, "--json")
        let backups = try #require(try JSONValue(parsing: Array(listed.output.utf8)).arrayValue)
        #expect(backups.count == 1 && backups[0]["path"]?.stringValue == "\(folder)/first" && backups[0]["server_name"] == "localhost")
        #expect((backups[0]["bytes"]?.integerValue ?? 0) > 0)

        let restored = try await server.martlet("backup", "restore", "\(folder)/first", "--data", "\(server.directory.path)/restored")
        try #require(restored.status == .exited(0), "\(restored.output)")
        let again = try await ServerProcess.start(in: server.directory, dataName: "restored")
        #expect(try await alice.on(again).messages(in: room).chunk.messageBodies == ["kept"])
    }

    @Test(.timeLimit(.minutes(10)))
    func whatIsInUseIsLeftAlone() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let data = server.dataDirectory
        let backup = "\(server.directory.path)/backup"
        func refused(_ arguments: String..., saying words: String) async throws {
            let refusal = try await server.martlet(arguments)
            #expect(refusal.status != .exited(0), "\(arguments)")
            #expect(refusal.output.contains(words), "\(refusal.output)")
        }
        try await refused("backup", "create", server.directory.path, "--data", data, saying: "not empty")
        try await refused("backup", "create", "\(server.directory.path)/missing/backup", "--data", data, saying: "No such file")
        try await refused("backup", "create", backup, "--data", backup, saying: backup)
        #expect(access(backup, F_OK) != 0)
        let made = try await server.martlet("backup", "create", backup, "--data", data)
        try #require(made.status == .exited(0), "\(made.output)")
        try await refused("backup", "create", backup, "--data", data, saying: "not empty")
        try await refused("backup", "restore", backup, "--data", data, saying: "not empty")
        try await refused("backup", "restore", data, "--data", "\(server.directory.path)/new", saying: "not a backup")
        try await refused("backup", "verify", data, saying: "not a backup")
        try await refused("backup", "list", "\(server.directory.path)/missing", saying: "No such file")
        try await alice.get("account", "whoami").ok()
    }

    @Test(.timeLimit(.minutes(10)))
    func aFlippedByteIsFound() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        for number in 0..<20 { try await alice.send("message \(number)", to: room) }
        let compacted = try await server.martlet("db", "compact", "--data", server.dataDirectory)
        try #require(compacted.status == .exited(0), "\(compacted.output)")
        let verified = try await server.martlet("db", "verify", "--data", server.dataDirectory, "--json")
        #expect(verified.status == .exited(0), "\(verified.output)")
        #expect(access("\(server.dataDirectory)/verify.new", F_OK) != 0)
        let backup = "\(server.directory.path)/backup"
        let made = try await server.martlet("backup", "create", backup, "--data", server.dataDirectory)
        try #require(made.status == .exited(0), "\(made.output)")
        #expect(try await server.stop() == .exited(0))

        // A copy of its own, since the backup shares its tables with the server.
        let copy = try await server.copy(backup, as: "copy")
        let tables = try names(inDirectory: "\(copy)/rooms").filter { $0.hasSuffix(".sst") }
        let table = try #require(tables.first)
        let path = "\(copy)/rooms/\(table)"
        try flipBits(ofFile: path, at: size(ofFile: path) / 2)
        let damaged = try await server.martlet("backup", "verify", copy, "--json")
        #expect(damaged.status == .exited(1))
        let rooms = try #require(
            try JSONValue(parsing: Array(damaged.output.utf8))["databases"]?.arrayValue?.first { $0["name"] == "rooms" })
        let finding = try #require(rooms["findings"]?.arrayValue?.first)
        #expect(finding["map"]?.stringValue?.isEmpty == false)
        #expect(finding["problem"]?.stringValue?.contains(table) == true)
        let text = try await server.martlet("backup", "verify", copy)
        #expect(text.status == .exited(1) && text.output.contains(table))
        #expect(try await server.martlet("backup", "verify", backup).status == .exited(0))
        #expect(try await server.martlet("db", "verify", "--data", server.dataDirectory).status == .exited(0))
    }
}

/// The texts that were answered so far.
private final class Answered: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) {
        texts.withLock { $0.append(text) }
    }
}
