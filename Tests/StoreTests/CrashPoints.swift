import Store
import StoreTestSupport

/// Moments at which a process might have ended: the files of several databases, as they were at the same time.
enum CrashPoints {
    /// Runs `body` on the seeded executor, and copies the files of the databases at `paths` whenever they have changed, at most once between two
    /// of the executor's jobs.
    static func during(
        _ paths: [String], on seeded: SeededEnvironment, _ body: @escaping @Sendable () async throws -> Void
    ) throws -> [[DatabaseFiles]] {
        let points = Shared<[[DatabaseFiles]]>([])
        let isDone = Shared(false)
        try seeded.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { isDone.change { $0 = true } }
                    try await body()
                }
                group.addTask {
                    while !isDone.value {
                        await Task.yield()
                        // This task is always ready, so time would stand still.
                        seeded.clock.advance(by: 1)
                        let files = try paths.map { try DatabaseFiles(in: $0) }
                        if points.value.last != files { points.change { $0.append(files) } }
                    }
                }
                try await group.waitForAll()
            }
        }
        return points.value
    }
}
