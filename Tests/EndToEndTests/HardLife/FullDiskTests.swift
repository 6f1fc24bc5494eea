import Glibc
import TestSupport
import Testing

/// A server whose disk has no space left: it answers with errors, lets people read, and goes on by itself when there is space again.
@Suite(.fewAtATime, .needsSmallDisk) struct FullDiskTests {
    /// For how long the server may take to notice something.
    private static let patience = Duration.seconds(120)

    @Test(.timeLimit(.minutes(15)))
    func sendingGoesOnWhenThereIsSpaceAgain() async throws {
        let full = try await FullDisk()
        // First somebody fills the disk slowly, then at once.
        try await full.whileClientsSend { try await Self.refusesAndGoesOn(full) }
        try await full.load.goOn(with: full.server)
        try await full.whileClientsSend {
            try full.disk.fill()
            try await Self.refusesAndGoesOn(full)
        }
        try await full.load.goOn(with: full.server)
        #expect(try await full.server.stop() == .exited(0))
        let again = try await full.server.restart()
        try await full.load.goOn(with: again)
        try await full.load.finish(on: again, oldTokens: [])
    }

    private static func refusesAndGoesOn(_ full: FullDisk) async throws {
        let (load, server) = (full.load, full.server)
        let refusals = await load.refusalCount
        try await eventually("no request was refused") { await load.refusalCount > refusals + 5 }
        try await eventually("the server says that it is well") { try await server.health().status == 503 }
        let health = try await server.health()
        #expect(String(decoding: health.bytes, as: UTF8.self).contains("space"), "\(health.body)")
        // Reading goes on, and has what was acknowledged.
        let acknowledged = await load.acknowledgedCount
        #expect(try await load.follower.history().count >= acknowledged)
        #expect(server.exitStatus == nil, "\(server.output)")

        full.disk.empty()
        try await eventually("sending doesn't go on") { await load.acknowledgedCount > acknowledged + 5 }
        try await eventually("the server doesn't say that it is well") { try await server.health().status == 200 }
    }

    enum End: CaseIterable {
        case killed, stopped
    }

    @Test(.timeLimit(.minutes(15)), arguments: End.allCases)
    func aServerThatEndsOnAFullDiskHasEverything(_ end: End) async throws {
        let full = try await FullDisk()
        try await full.whileClientsSend {
            try await Self.eventually("no request was refused") { await full.load.refusalCount > 5 }
        }
        switch end {
        case .killed: full.server.kill()
        case .stopped: #expect(try await full.server.stop() == .exited(0))
        }
        // It may start and serve what can be read, or say that there is no space; it must not make anything worse.
        do {
            let reading = try await full.server.restart()
            _ = try await full.load.follower.history()
            #expect(try await reading.stop() == .exited(0))
        } catch ServerProcess.Failure.ended(let status, let output) {
            #expect(status != .exited(0))
            #expect(output.contains("space"), "\(output)")
        }
        full.disk.empty()
        let again = try await full.server.restart()
        try await full.load.goOn(with: again)
        try await full.load.finish(on: again, oldTokens: [])
    }

    /// Waits until something is the case.
    private static func eventually(_ complaint: Comment, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + patience
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, complaint)
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// A server on a disk with space for a few messages more, and clients who send.
private final class FullDisk: Sendable {
    /// Room for what the tests write, and for what the server writes to see whether it can.
    private static let diskMegabytes = 320
    /// Enough to start, and for some of the messages.
    private static let leftBytes = 6 << 20
    /// Large messages, so that logs and write buffers are full soon.
    private static let paddingBytes = 40_000

    let disk: SmallDisk
    let server: ServerProcess
    let load: Load

    init() async throws {
        let directory = try TemporaryDirectory("martlet-full")
        disk = try await SmallDisk(in: directory, megabytes: Self.diskMegabytes)
        var options = ServerProcess.Options()
        options.launcher = disk.launcher
        let made = try await ServerProcess.start(in: directory, dataName: "disk/data", options: options)
        #expect(try await made.stop() == .exited(0))
        try disk.fill(leaving: Self.leftBytes)
        server = try await made.restart()
        load = try await Load(on: server, paddingBytes: Self.paddingBytes, seed: HardLifeSettings.seed)
    }

    /// Has the clients work for as long as `body` takes.
    func whileClientsSend(_ body: () async throws -> Void) async throws {
        let isOver = Flag()
        async let work: Void = load.work(pause: .milliseconds(5), until: { isOver.isSet })
        try await body()
        isOver.set()
        await work
    }
}

extension ServerProcess {
    /// The answer to `GET /_martlet/health`.
    fileprivate func health() async throws -> Response {
        try await anybody.get("health", api: "/_martlet")
    }
}
