import TestSupport
import Testing

/// A server that is killed again and again while it works: what was answered stays, and what was not is there once or not at all.
@Suite(.fewAtATime) struct KillTests {
    /// So many old tokens are tried at the end.
    private static let oldTokensMax = 10

    @Test(.timeLimit(.minutes(60)))
    func whatWasAnsweredOutlivesEveryKill() async throws {
        let seed = HardLifeSettings.seed
        let kills = HardLifeSettings.kills
        print("kills: \(kills), seed \(seed)")
        var generator = SplitMix64(seed: seed)
        var server = try await ServerProcess.start()
        let load = try await Load(on: server, seed: seed)
        let transitory = try TransitoryLoad()
        var oldTokens = [await load.currentToken]
        var restarts: [Duration] = []

        for number in 0..<kills {
            try await transitory.start()
            let killed = server
            let moment = generator.milliseconds(20...800)
            async let work: Void = load.work()
            try await Task.sleep(for: moment)
            killed.kill()
            transitory.kill()
            await work

            if Bool.random(using: &generator) { try await killAtStart(server, after: generator.milliseconds(0...300)) }
            // Another port each time: one that was given up for a moment may be another's.
            server = try await ServerProcess.start(in: server.directory)
            restarts.append(server.startDuration)
            try await load.goOn(with: server)
            try await transitory.check()
            if number % max(1, kills / Self.oldTokensMax) == 0 { oldTokens.append(await load.currentToken) }
        }
        try await load.finish(on: server, oldTokens: oldTokens)
        #expect(await load.refusalCount == 0)
        #expect(try await server.stop() == .exited(0))

        restarts.sort()
        guard let longest = restarts.last else { return }
        print(
            "kills: \(await load.acknowledgedCount) events and \(transitory.acknowledgedCount) entries acknowledged in \(kills) rounds; restarts: "
                + "median \(restarts[restarts.count / 2].milliseconds) ms, longest \(longest.milliseconds) ms")
    }

    /// Starts a server on the directory of one that was killed, and kills it at a moment at which it may just be recovering.
    private func killAtStart(_ server: ServerProcess, after delay: Duration) async throws {
        let process = try ServerProcess.launch(in: server.directory)
        try await Task.sleep(for: delay)
        #expect(process.exitStatus == nil, "\(process.output)")
        process.kill()
    }
}

extension Duration {
    /// The whole milliseconds in it.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
