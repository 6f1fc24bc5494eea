import CanonicalJSON
import TestSupport
import Testing

/// Backups of a server that is at work: each is the server as it was at one moment, in all databases.
@Suite(.fewAtATime) struct BackupsUnderLoadTests {
    private static let clientCount = 4

    /// A backup, and what is known of the moment at which it was made.
    private struct Made {
        let path: String
        let token: Load.OldToken
        /// For each client, how many steps were acknowledged when it began, and when it was done.
        let stepsBefore: [Int64]
        let stepsAfter: [Int64]
        let pauseMilliseconds: Int64
    }

    @Test(.timeLimit(.minutes(60)))
    func eachHasWhatWasAcknowledgedWhenItBegan() async throws {
        let server = try await ServerProcess.start()
        let founder = try await server.newUser("founder")
        let room = try await founder.createRoom(["preset": "public_chat"])
        var clients: [AlternatingClient] = []
        for number in 0..<Self.clientCount {
            let client = try await server.newUser("client")
            try await client.join(room)
            clients.append(AlternatingClient(client, in: room, number: number))
        }
        let follower = RoomFollower(founder, of: room, since: try await founder.sync().nextBatch)

        let made = try await makeBackups(of: server, while: clients, follower)
        let lastToken = await follower.token
        #expect(try await server.stop() == .exited(0))
        for backup in made {
            try await check(backup, of: server, clients, founder, room, lastToken: lastToken)
        }

        let pauses = made.map(\.pauseMilliseconds).sorted()
        guard let longest = pauses.last else { return }
        var (steps, longestStep) = (Int64(0), Duration.zero)
        for client in clients {
            steps += await client.acknowledgedSteps
            longestStep = max(longestStep, await client.longestStep)
        }
        print(
            "backups: \(made.count) in \(steps) writes; writers waited: median \(pauses[pauses.count / 2]) ms, longest \(longest) ms; "
                + "the slowest request took \(longestStep.milliseconds) ms")
    }

    /// Makes a backup every second while the clients work and somebody follows them.
    private func makeBackups(of server: ServerProcess, while clients: [AlternatingClient], _ follower: RoomFollower) async throws -> [Made]
    {
        let isOver = Flag()
        async let work: Void = withTaskGroup { group in
            for client in clients { group.addTask { await client.work(until: { isOver.isSet }) } }
            group.addTask { await follower.follow(until: { isOver.isSet }) }
        }
        var made: [Made] = []
        let begin = ContinuousClock.now
        for number in 0..<HardLifeSettings.backups {
            try await Task.sleep(until: begin + .seconds(number), clock: .continuous)
            let path = "\(server.directory.path)/backup-\(number)"
            let token = await follower.place
            let before = await steps(of: clients)
            let command = try await server.martlet("backup", "create", path, "--data", server.dataDirectory, "--json")
            try #require(command.status == .exited(0), "\(command.output)")
            let marker = try JSONValue(parsing: Array(command.output.utf8))
            made.append(
                Made(
                    path: path, token: token, stepsBefore: before, stepsAfter: await steps(of: clients),
                    pauseMilliseconds: try #require(marker["pause_ms"]?.integerValue)))
        }
        isOver.set()
        await work
        for client in clients { #expect(await client.failure == nil) }
        return made
    }

    private func steps(of clients: [AlternatingClient]) async -> [Int64] {
        var steps: [Int64] = []
        for client in clients { steps.append(await client.acknowledgedSteps) }
        return steps
    }

    /// Starts a server on a copy of a backup, and checks that it has everything of one moment.
    private func check(
        _ backup: Made, of server: ServerProcess, _ clients: [AlternatingClient], _ founder: MatrixTestClient, _ room: String,
        lastToken: String
    ) async throws {
        let verified = try await server.martlet("backup", "verify", backup.path)
        #expect(verified.status == .exited(0), "\(verified.output)")
        let copyName = unique("copy")
        _ = try await server.copy(backup.path, as: copyName)
        let copy = try await ServerProcess.start(in: server.directory, dataName: copyName)
        let founder = founder.on(copy)

        // A token from before it leads through everything, one from after it to what comes now.
        let follower = RoomFollower(founder, of: room, since: backup.token.token)
        try await follower.catchUp()
        let history = try await follower.history()
        let synced = await follower.events
        #expect(Array(history.suffix(synced.count)) == synced)
        for (number, client) in clients.enumerated() {
            // One step more can be on the way when the backup is done.
            try await client.check(copy, history, in: backup.stepsBefore[number]...backup.stepsAfter[number] + 1)
        }
        #expect(try await founder.sync(since: lastToken).timeline(room).messageBodies.isEmpty)
        try await founder.send("after", to: room)
        #expect(try await founder.sync(since: lastToken).timeline(room).messageBodies == ["after"])
        #expect(try await copy.stop() == .exited(0))
    }
}
