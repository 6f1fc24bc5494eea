import Store
import StoreTestSupport
import Testing

@Suite struct NotifierTests {
    private let notifier = Notifier()
    /// Stands still, so that nothing ends a wait but what the test does.
    private let clock = VirtualClock()
    private let room = Scope(.room, [1])

    @Test func remembersAChangeBeforeTheWait() async {
        let waiter = notifier.register([room])
        notifier.wake([room])
        await waiter.wait(atMost: 1000, on: clock)
    }

    @Test func remembersAChangeBetweenWaits() async {
        let waiter = notifier.register([room])
        for _ in 0..<3 {
            notifier.wake([room])
            await waiter.wait(atMost: 1000, on: clock)
        }
        #expect(clock.timerCount == 0)
    }

    @Test func losesNoWakeUpInARace() async throws {
        let changes = Shared(0)
        let notifier = notifier
        let waiter = notifier.register([room])
        let changer = Task { [room] in
            for _ in 0..<2000 {
                changes.change { $0 += 1 }
                notifier.wake([room])
                await Task.yield()
            }
        }
        while changes.value < 2000 { await waiter.wait(atMost: 1000, on: clock) }
        await changer.value
    }

    @Test func wakesEveryWaiterOfAScopeAndNoOther() throws {
        let seeded = SeededEnvironment(seed: 1)
        let other = Scope(.room, [2])
        let woken = try seeded.run { [notifier, room] in
            let waiters = [notifier.register([room]), notifier.register([other, room]), notifier.register([other])]
            return await withTaskGroup(of: (Int, Int64).self) { group in
                for (index, waiter) in waiters.enumerated() {
                    group.addTask {
                        await waiter.wait(atMost: 500, on: seeded.clock)
                        return (index, seeded.clock.now())
                    }
                }
                group.addTask {
                    notifier.wake([room])
                    return (3, seeded.clock.now())
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }
        let start = try #require(woken[3])
        #expect(woken == [0: start, 1: start, 2: start + 500, 3: start])
    }

    @Test func isRaisedOnceForSeveralScopes() throws {
        let seeded = SeededEnvironment(seed: 1)
        let waited = try seeded.run { [notifier, room] in
            let other = Scope(.user, [2])
            let waiter = notifier.register([room, other])
            async let first: Void = waiter.wait(atMost: 1000, on: seeded.clock)
            while seeded.clock.timerCount == 0 { await Task.yield() }
            notifier.wake([room, other])
            await first
            let start = seeded.clock.now()
            await waiter.wait(atMost: 1000, on: seeded.clock)
            return seeded.clock.now() - start
        }
        #expect(waited == 1000)
    }

    @Test func endsAWaitWhenItsTimeIsUp() async throws {
        let waiter = notifier.register([room])
        async let waiting: Void = waiter.wait(atMost: 100, on: clock)
        try await until { clock.timerCount == 1 }
        clock.advance(by: 100)
        await waiting
        await waiter.wait(atMost: 1, on: SystemClock())
    }

    @Test func endsAWaitWhenTheTaskIsCancelled() async throws {
        let waiter = notifier.register([room])
        let task = Task { [clock] in await waiter.wait(atMost: 100, on: clock) }
        try await until { clock.timerCount == 1 }
        task.cancel()
        await task.value
        #expect(clock.timerCount == 0)
        // A task that is cancelled already doesn't begin to wait.
        let late = Task { [clock] in
            while !Task.isCancelled { await Task.yield() }
            await waiter.wait(atMost: 100, on: clock)
        }
        late.cancel()
        await late.value
    }

    @Test func wakesWhomAChangeConcernsToo() async {
        notifier.expand(.room) { room in [Scope(.user, room.id), Scope(.device, room.id)] }
        let user = notifier.register([Scope(.user, [1])])
        let device = notifier.register([Scope(.device, [1])])
        notifier.wake([room])
        await user.wait(atMost: 1000, on: clock)
        await device.wait(atMost: 1000, on: clock)
    }

    /// However many a change concerns and however many wait.
    @Test(arguments: [(1, 100), (100, 1), (100, 100)])
    func wakesWhoIsConcernedAndWaits(_ concernedCount: Int, _ waitingCount: Int) async {
        let others = (0..<waitingCount).map { notifier.register([Scope(.user, [1, UInt8($0)])]) }
        notifier.expand(.room) { _ in Set((0..<concernedCount).map { Scope(.user, [0, UInt8($0)]) }) }
        let waiter = notifier.register([Scope(.user, [0, 0])])
        notifier.wake([room])
        await waiter.wait(atMost: 1000, on: clock)
        // The others still wait for something.
        for other in others {
            async let waiting: Void = other.wait(atMost: 1000, on: clock)
            while clock.timerCount == 0 { await Task.yield() }
            clock.advance(by: 1000)
            await waiting
        }
    }

    @Test func leavesNothingBehind() {
        let expansions = Shared(0)
        let notifier = notifier
        notifier.expand(.room) { _ in
            expansions.change { $0 += 1 }
            return []
        }
        let waiters = (0..<10).map { notifier.register([room, Scope(.user, [$0])]) }
        notifier.wake([room])
        #expect(expansions.value == 1)
        _ = consume waiters
        // With nobody registered, nobody is asked whom a change concerns.
        notifier.wake([room])
        #expect(expansions.value == 1)
    }
}
