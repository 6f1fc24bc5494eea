import Store
import Testing

@Suite struct ThreadExecutorsTests {
    private let executors = ThreadExecutors(threads: 4)

    @Test func runLongWorkOnHalfOfTheThreads() async throws {
        let gate = Gate()
        let running = Shared((now: 0, max: 0))
        await withTaskGroup { group in
            for _ in 0..<12 {
                group.addTask(executorPreference: executors.long) {
                    running.change { $0 = ($0.now + 1, max($0.max, $0.now + 1)) }
                    gate.pass()
                    running.change { $0.now -= 1 }
                }
            }
            group.addTask {
                try? await gate.waitForArrivals(2)
                // Half of the threads are blocked; short work goes on.
                for number in 0..<20 {
                    let answer = await Task(executorPreference: executors.short) { number }.value
                    #expect(answer == number)
                }
                #expect(gate.arrivedCount == 2)
                gate.open(for: 12)
            }
        }
        #expect(running.value.max == 2)
        #expect(gate.arrivedCount == 12)
    }

    @Test func runShortWorkFirst() async throws {
        #expect(try await order(ofBlocked: [executors.long, executors.short, executors.short, executors.short]).first == "short")
    }

    @Test func runOneLongJobEvenWhenMuchShortWorkWaits() async throws {
        let order = try await order(ofBlocked: [executors.short, executors.short, executors.short, executors.short])
        #expect(order.first == "long")
    }

    /// Blocks every thread, lets short work and then long work wait, frees one thread that has run short work, and returns the
    /// order in which what waited has run.
    private func order(ofBlocked lanes: [any TaskExecutor]) async throws -> [String] {
        let blocked = Gate()
        let freed = Gate()
        let order = Shared<[String]>([])
        try await withThrowingTaskGroup { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask(executorPreference: lane) { (index == lanes.count - 1 ? freed : blocked).pass() }
            }
            try await until { blocked.arrivedCount + freed.arrivedCount == lanes.count }
            for _ in 0..<10 {
                group.addTask(executorPreference: executors.short) { order.change { $0.append("short") } }
            }
            group.addTask(executorPreference: executors.long) { order.change { $0.append("long") } }
            freed.open()
            try await until { order.value.count == 11 }
            blocked.open(for: lanes.count - 1)
            try await group.waitForAll()
        }
        return order.value
    }
}

@Suite struct SerialWorkerTests {
    @Test func runsJobsInTheirOrderAndAllBeforeItEnds() {
        let worker = systemEnvironment.executors.makeWorker()
        let order = Shared<[Int]>([])
        for number in 0..<1000 {
            #expect(worker.enqueue { order.change { $0.append(number) } })
        }
        worker.shutDown()
        #expect(order.value == Array(0..<1000))
        #expect(!worker.enqueue { Issue.record("a worker that was shut down has run a job") })
        worker.shutDown()
    }

    @Test func runsOneJobAtATime() async throws {
        let worker = systemEnvironment.executors.makeWorker()
        let state = Shared((isRunning: false, count: 0))
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        worker.enqueue {
                            state.change { state in
                                #expect(!state.isRunning)
                                state.isRunning = true
                            }
                            state.change { $0 = (false, $0.count + 1) }
                        }
                    }
                }
            }
        }
        worker.shutDown()
        #expect(state.value.count == 800)
    }

    @Test func endsWithItsLastReference() async throws {
        let ran = Shared(0)
        do {
            let worker = systemEnvironment.executors.makeWorker()
            worker.enqueue { ran.change { $0 += 1 } }
        }
        try await until { ran.value == 1 }
    }
}
