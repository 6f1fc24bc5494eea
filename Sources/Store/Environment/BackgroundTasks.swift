import Synchronization

/// Tasks that nobody waits for, which one owner has started and ends together. Unstructured tasks are started here or, as a long poll is,
/// with an executor preference: one that is started otherwise leaves the environment's executors.
package final class BackgroundTasks: Sendable {
    private let executor: any TaskExecutor
    private let state = Mutex(State())

    /// - Parameter executor: one of the environment's.
    package init(on executor: any TaskExecutor) {
        self.executor = executor
    }

    /// Starts a task, which is to end soon after it was cancelled.
    ///
    /// - Returns: whether it was started; after the end none is.
    @discardableResult
    package func start(_ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.lastID += 1
            state.tasks[state.lastID] = Task(executorPreference: executor) { [id = state.lastID] in
                await body()
                self.forget(id)
            }
            return true
        }
    }

    /// Cancels all tasks and waits until they have ended; later ones are not started.
    package func end() async {
        let tasks = state.withLock { state in
            state.hasEnded = true
            return state.tasks.sorted { $0.key < $1.key }.map(\.value)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func forget(_ id: UInt64) {
        state.withLock { $0.tasks[id] = nil }
    }

    private struct State {
        var lastID: UInt64 = 0
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var hasEnded = false
    }
}
