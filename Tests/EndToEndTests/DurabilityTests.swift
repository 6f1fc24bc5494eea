import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// Nothing is answered, and nothing is seen by anybody, before it is on the disk: every sync of a file takes 200 ms longer here, and its beginning
/// and end are on record.
@Suite(.fewAtATime) struct DurabilityTests {
    private static let delayMilliseconds = 200

    @Test(.timeLimit(.minutes(10)))
    func nothingIsAnsweredOrShownBeforeItIsDurable() async throws {
        let server = try await ServerProcess.start()
        let (alice, bob) = (try await server.newUser("alice"), try await server.newUser("bob"))
        let room = try await alice.createRoom(with: bob)
        #expect(try await server.stop() == .exited(0))
        let recorder = try await SlowSyncs(in: server.directory, milliseconds: Self.delayMilliseconds)
        let slow = try await server.restart(options: recorder.options)

        // One send at a time, with a long poll and a reader of the history beside it.
        var since = try await bob.sync().nextBatch
        for number in 0..<5 {
            let from = since
            let begin = monotonicNanoseconds()
            async let sent = timed { try await alice.send("\(number)", to: room) }
            async let synced = timed { try await bob.sync(since: from, timeout: 60_000) }
            async let read = timed {
                while try await !bob.messages(in: room).chunk.messageBodies.contains("\(number)") {
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            let answers = try await (sent: sent, synced: synced, read: read)
            #expect(answers.synced.result.timeline(room).messageBodies == ["\(number)"])
            for (name, end) in [("send", answers.sent.end), ("sync", answers.synced.end), ("messages", answers.read.end)] {
                #expect(recorder.covers(from: begin, to: end, database: "rooms"), "\(name) \(number) came before its sync of the disk")
                #expect(end - begin >= UInt64(Self.delayMilliseconds) * 1_000_000)
            }
            since = answers.synced.result.nextBatch
        }

        // Many at a time share syncs, and each has one that began after it.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask {
                    let begin = monotonicNanoseconds()
                    try await (number % 2 == 0 ? alice : bob).send("together \(number)", to: room)
                    #expect(recorder.covers(from: begin, to: monotonicNanoseconds(), database: "rooms"), "send \(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try await slow.stop() == .exited(0))
    }

    @Test(.timeLimit(.minutes(10)))
    func whateverChangesSomethingWaitsForTheDisk() async throws {
        let server = try await ServerProcess.start()
        let alice = try await server.newUser("alice")
        let room = try await alice.createRoom()
        #expect(try await server.stop() == .exited(0))
        let recorder = try await SlowSyncs(in: server.directory, milliseconds: Self.delayMilliseconds)
        let slow = try await server.restart(options: recorder.options)

        func expectDurable(_ what: String, database: String, _ act: () async throws -> Void) async throws {
            let begin = monotonicNanoseconds()
            try await act()
            #expect(recorder.covers(from: begin, to: monotonicNanoseconds(), database: database), "\(what)")
        }
        try await expectDurable("state", database: "rooms") { try await alice.setState("m.room.topic", in: room, to: ["topic": "tea"]) }
        try await expectDurable("create", database: "rooms") { _ = try await alice.createRoom() }
        try await expectDurable("leave", database: "rooms") { try await alice.leave(room) }
        try await expectDurable("alias", database: "rooms") {
            let room = try await alice.createRoom()
            try await alice.put("directory", "room", "#\(unique("alias")):localhost", body: ["room_id": "\(room)"]).ok()
        }
        try await expectDurable("account data", database: "accounts") {
            try await alice.put("user", alice.userID, "account_data", "org.example", body: [:]).ok()
        }
        try await expectDurable("login", database: "accounts") { _ = try await alice.logIn() }
        try await expectDurable("register", database: "accounts") { _ = try await slow.newUser("bob") }
        try await expectDurable("logout", database: "accounts") { try await alice.post("logout").ok() }
    }
}

/// The preloaded library that makes syncs of files slow, and its record of them.
private struct SlowSyncs {
    let options: ServerProcess.Options
    private let recordPath: String

    /// Compiles the library into `directory`.
    init(in directory: TemporaryDirectory, milliseconds: Int) async throws {
        let source = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/slow_fsync.c"
        let library = "\(directory.path)/slow_fsync.so"
        let compiled = try await ChildProcess.run(
            "/usr/bin/cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], outputPath: "\(directory.path)/cc.log")
        try #require(compiled.status == .exited(0), "\(compiled.output)")
        recordPath = "\(directory.path)/syncs"
        var options = ServerProcess.Options()
        options.preload = library
        options.environment["SLOW_FSYNC_MS"] = "\(milliseconds)"
        options.environment["SLOW_FSYNC_LOG"] = recordPath
        self.options = options
    }

    /// Whether a sync of a file of the database has begun and ended between two times of the monotonic clock, in nanoseconds.
    func covers(from begin: UInt64, to end: UInt64, database: String) -> Bool {
        String(decoding: readFile(recordPath) ?? [], as: UTF8.self).split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count == 3, let syncBegin = UInt64(fields[0]), let syncEnd = UInt64(fields[1]) else { return false }
            return syncBegin >= begin && syncEnd <= end && fields[2].contains("/\(database)/")
        }
    }
}

/// The time of the clock that the preloaded library reads.
private func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// What something gives, and when it was done.
private func timed<Result: Sendable>(_ act: @Sendable () async throws -> Result) async throws -> (result: Result, end: UInt64) {
    let result = try await act()
    return (result, monotonicNanoseconds())
}
